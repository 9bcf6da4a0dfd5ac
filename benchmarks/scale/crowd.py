"""Many claims of one spec in the namespaces of many teams, their pods on make-believe nodes, and what is seen of them."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from benchmarks.scale.api import Api, Object
from tests.e2e.claims import manifest, secrets, spec
from tests.e2e.cluster import apply, is_true
from tests.e2e.namespace import Namespace
from tests.e2e.streams import Queue

CONDITIONS: Final = ("SpecValid", "WorkloadReady", "ScalerReady", "Synced", "Ready")
GROUP: Final = "/apis/platform.bizmatters.io/v1alpha1"
IMAGE: Final = "ghcr.io/bizmatters/scale:v1"
"""Does not exist: pods on make-believe nodes run nothing."""

PLACEMENT: Final = {"nodeSelector": {"type": "kwok"}, "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}]}
PREFIX: Final = "scale-"
TEAM: Final = 50
"""Claims of one namespace. KEDA up to 2.20 compares a ScaledObject with all others of its namespace at each write (kedacore/keda#7681)."""

POLL_SECONDS: Final = 1.0

POLL_SHARE: Final = 10
"""Times as long as a look takes is the time until the next one: looking at a thousand claims is work for the API server."""

KINDS: Final = {
    "claims": f"{GROUP}/namespaces/{{}}/agentexecutors",
    "deployments": "/apis/apps/v1/namespaces/{}/deployments",
    "services": "/api/v1/namespaces/{}/services",
    "service accounts": "/api/v1/namespaces/{}/serviceaccounts",
    "scaled objects": "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
}


@dataclass(frozen=True, slots=True)
class Crowd:
    """The claims, and the namespaces that they are in.

    Attributes:
        name: What the namespaces' names begin with.
        namespaces: Those that have claims.
    """

    api: Api
    name: str
    queue: Queue
    composition: str
    namespaces: list[str] = field(default_factory=list)

    def grow(self, first: int, last: int) -> None:
        """Creates claims of these numbers."""
        fields = spec(IMAGE, self.queue, compositionRef={"name": self.composition}, placement=PLACEMENT)
        for number in range(first, last):
            namespace = self.namespace_of(number)
            if namespace not in self.namespaces:
                self._make_namespace(namespace)
            self.api.create(KINDS["claims"].format(namespace), manifest(name(number), fields))

    def namespace_of(self, number: int) -> str:
        return f"{self.name}-{number // TEAM:02d}"

    def _make_namespace(self, namespace: str) -> None:
        """Creates a namespace with the Secrets that its claims name."""
        self.namespaces.append(namespace)
        apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        Namespace(namespace).apply(*secrets())

    def another(self) -> "Crowd":
        """The same claims, for another thread."""
        return replace(self, api=self.api.another())

    def edit(self, number: int, replicas: int) -> None:
        path = KINDS["claims"].format(self.namespace_of(number))
        self.api.merge(f"{path}/{name(number)}", {"spec": {"scaling": {"maxReplicas": replicas}}})

    def ready(self) -> int:
        return sum(all(is_true(claim, kind) for kind in CONDITIONS) for claim in self.items("claims"))

    def bounds(self) -> dict[str, int]:
        """What each claim's scaler has for `maxReplicas`, by the scaler's name."""
        return {item["metadata"]["name"]: item["spec"]["maxReplicaCount"] for item in self.items("scaled objects")}

    def versions(self) -> dict[str, dict[str, str]]:
        """The resource version of everything that a claim is made of, composites too, by kind and name."""
        found = {kind: self.items(kind) for kind in KINDS}
        composites = self.api.items(f"{GROUP}/xagentexecutors", f"crossplane.io/claim-namespace in ({','.join(self.namespaces)})")
        return {
            kind: {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in items}
            for kind, items in {**found, "composites": composites}.items()
        }

    def events(self) -> Counter[str]:
        """How often something was told of a claim or of what it is made of, by reason and kind. Composites' events are in `default`."""
        told: Counter[str] = Counter()
        for namespace in (*self.namespaces, "default"):
            for event in self.api.items(f"/api/v1/namespaces/{namespace}/events"):
                of = event["involvedObject"]
                if namespace != "default" or (of["kind"] == "XAgentExecutor" and of["name"].startswith(PREFIX)):
                    told[f"{event['reason']} of {of['kind']}"] += (event.get("series") or event).get("count") or 1
        return told

    def items(self, kind: str) -> list[Object]:
        return [item for namespace in self.namespaces for item in self.api.items(KINDS[kind].format(namespace))]


def name(number: int) -> str:
    return f"{PREFIX}{number:04d}"


def seconds_until(probe: Callable[[], bool], *, limit_seconds: float, what: str, pause_seconds: float = POLL_SECONDS) -> float:
    """How long it takes until the probe answers True; between two looks is that pause, or a longer one where looking takes long."""
    start = looked = time.monotonic()
    while not probe():
        now = time.monotonic()
        if now - start > limit_seconds:
            raise RuntimeError(f"{what}: not so after {limit_seconds:.0f} s")
        time.sleep(max(pause_seconds, POLL_SHARE * (now - looked)))
        looked = time.monotonic()
    return time.monotonic() - start

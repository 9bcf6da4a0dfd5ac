"""Many claims of one spec, their pods on make-believe nodes, and what is seen of them."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.scale.api import Api, Object
from tests.e2e.claims import manifest, spec
from tests.e2e.cluster import is_true
from tests.e2e.streams import Queue

CONDITIONS: Final = ("SpecValid", "WorkloadReady", "ScalerReady", "Synced", "Ready")
GROUP: Final = "/apis/platform.bizmatters.io/v1alpha1"
IMAGE: Final = "ghcr.io/bizmatters/scale:v1"
"""Does not exist: pods on make-believe nodes run nothing."""

PLACEMENT: Final = {"nodeSelector": {"type": "kwok"}, "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}]}
PREFIX: Final = "scale-"
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
    """The claims of one namespace."""

    api: Api
    namespace: str
    queue: Queue
    composition: str

    def grow(self, first: int, last: int) -> None:
        """Creates claims of these numbers."""
        fields = spec(IMAGE, self.queue, compositionRef={"name": self.composition}, placement=PLACEMENT)
        for number in range(first, last):
            self.api.create(KINDS["claims"].format(self.namespace), manifest(name(number), fields))

    def another(self) -> "Crowd":
        """The same claims, for another thread."""
        return replace(self, api=self.api.another())

    def edit(self, number: int, replicas: int) -> None:
        path = KINDS["claims"].format(self.namespace)
        self.api.merge(f"{path}/{name(number)}", {"spec": {"scaling": {"maxReplicas": replicas}}})

    def ready(self) -> int:
        return sum(all(is_true(claim, kind) for kind in CONDITIONS) for claim in self.items("claims"))

    def bounds(self) -> dict[str, int]:
        """What each claim's scaler has for `maxReplicas`, by the scaler's name."""
        return {item["metadata"]["name"]: item["spec"]["maxReplicaCount"] for item in self.items("scaled objects")}

    def versions(self) -> dict[str, dict[str, str]]:
        """The resource version of everything that a claim is made of, composites too, by kind and name."""
        found = {kind: self.items(kind) for kind in KINDS}
        composites = self.api.items(f"{GROUP}/xagentexecutors", f"crossplane.io/claim-namespace={self.namespace}")
        return {
            kind: {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in items}
            for kind, items in {**found, "composites": composites}.items()
        }

    def events(self) -> Counter[str]:
        """How often something was told of a claim or of what it is made of, by reason and kind. Composites' events are in `default`."""
        told: Counter[str] = Counter()
        for namespace in (self.namespace, "default"):
            for event in self.api.items(f"/api/v1/namespaces/{namespace}/events"):
                of = event["involvedObject"]
                if namespace == self.namespace or (of["kind"] == "XAgentExecutor" and of["name"].startswith(PREFIX)):
                    told[f"{event['reason']} of {of['kind']}"] += (event.get("series") or event).get("count") or 1
        return told

    def items(self, kind: str) -> list[Object]:
        return self.api.items(KINDS[kind].format(self.namespace))


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

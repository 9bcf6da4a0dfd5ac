"""A platform of the tests' own beside the cluster's: a function and a Composition that only claims which name it use."""

import copy
import re
import urllib.request
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from tests.e2e.apis import AGENT_EXECUTOR, API_VERSION, Api
from tests.e2e.cluster import Manifest, apply, find, get, is_true, kubectl, port_forward, wait_for
from tests.e2e.settings import Settings

FUNCTION_FILE: Final = Path(__file__).parents[3] / "platform" / "04-apis" / "base" / "function.yaml"
FUNCTIONS: Final = "functions.pkg.crossplane.io"
REVISIONS: Final = "functionrevisions.pkg.crossplane.io"
COMPOSITIONS: Final = "compositions.apiextensions.crossplane.io"
METRICS_PORT: Final = 8080
ROLLOUT_SECONDS: Final = 240
SCRAPE_SECONDS: Final = 10
ANSWERED: Final = re.compile(r'^function_requests_total\{kind="(\w+)",outcome="composed"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Function:
    """A Function and its pods."""

    name: str
    namespace: str

    def install(self, package: str, *, replicas: int = 2, resources: Manifest | None = None, priority: str = "") -> None:
        """Installs that package, or changes to it, with the pods of the platform's own; waits until it answers.

        Args:
            package: Its reference.
            replicas: Number of pods.
            resources: Other ones than the platform's.
            priority: A PriorityClass of the pods.
        """
        config = _document("DeploymentRuntimeConfig")
        config["metadata"] = {"name": self.name}
        spec = config["spec"]["deploymentTemplate"]["spec"]
        spec["replicas"] = replicas
        pod = spec["template"]["spec"]
        pod.pop("topologySpreadConstraints")
        if resources:
            pod["containers"][0]["resources"] = resources
        if priority:
            pod["priorityClassName"] = priority
        apply(config, self.manifest(package))
        wait_for(f"Function {self.name} runs {package}", lambda: self.runs(package), timeout_seconds=ROLLOUT_SECONDS, explain=self.describe)
        wait_for(f"Function {self.name} has {replicas} pods", lambda: self.serves(replicas), timeout_seconds=ROLLOUT_SECONDS)

    def manifest(self, package: str) -> Manifest:
        """Without dependency resolution: Crossplane allows one package of a repository, and this one has no dependencies."""
        spec = {"package": package, "runtimeConfigRef": {"name": self.name}, "skipDependencyResolution": True}
        return {"apiVersion": "pkg.crossplane.io/v1", "kind": "Function", "metadata": {"name": self.name}, "spec": spec}

    def runs(self, package: str) -> bool:
        function, active = get(FUNCTIONS, self.name) or {}, self.active()
        return bool(
            (function.get("status") or {}).get("currentIdentifier") == package
            and is_true(function, "Healthy")
            and [revision["spec"]["image"] for revision in active] == [package]
            and is_true(active[0], "RuntimeHealthy")
        )

    def serves(self, replicas: int) -> bool:
        """Whether that many pods of the revision that serves are ready, and none of another is left."""
        return len(self.pods()) == len(self.all_pods()) == replicas

    def revisions(self) -> list[Manifest]:
        return find(REVISIONS, selector=f"pkg.crossplane.io/package={self.name}")

    def active(self) -> list[Manifest]:
        """The revision that serves, in a list: none while the first package is unpacked."""
        return [revision for revision in self.revisions() if revision["spec"]["desiredState"] == "Active"]

    def pods(self) -> list[Manifest]:
        """Ready pods of the revision that serves; those of an earlier one live on for a moment."""
        serving = [revision["metadata"]["name"] for revision in self.active()]
        found = [pod for pod in self.all_pods() if pod["metadata"]["labels"]["pkg.crossplane.io/revision"] in serving]
        return [pod for pod in found if is_true(pod, "Ready") and not pod["metadata"].get("deletionTimestamp")]

    def all_pods(self) -> list[Manifest]:
        return find("pods", self.namespace, f"pkg.crossplane.io/function={self.name}")

    def answered(self, *apis: Api) -> int:
        """Requests of claims of these APIs that the pods which run now have composed."""
        return sum(self._answered(pod["metadata"]["name"], [api.kind for api in apis]) for pod in self.pods())

    def _answered(self, pod: str, kinds: Collection[str]) -> int:
        with port_forward(self.namespace, f"pod/{pod}", METRICS_PORT) as port:
            text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SCRAPE_SECONDS).read().decode()
        return sum(int(float(value)) for kind, value in ANSWERED.findall(text) if kind.removeprefix("X") in kinds)

    def describe(self) -> str:
        conditions = [
            c for manifest in (get(FUNCTIONS, self.name) or {}, *self.revisions()) for c in manifest.get("status", {}).get("conditions", [])
        ]
        return "\n".join(f"{c['type']}={c['status']} {c.get('reason', '')}: {c.get('message', '')}" for c in conditions)

    def delete(self) -> None:
        """Deletes it, and waits until its pods are gone."""
        for kind in (FUNCTIONS, "deploymentruntimeconfigs.pkg.crossplane.io"):
            kubectl("delete", kind, self.name, "--ignore-not-found", "--timeout=120s", timeout_seconds=150)
        wait_for(f"The pods of Function {self.name} are gone", lambda: not self.all_pods())


@dataclass(frozen=True, slots=True)
class Platform:
    """A function and a Composition that says what the cluster's own says, but for the function's name.

    Attributes:
        name: The Composition's.
        function: What it calls.
        package: Packages of the function by version.
        api: Whose claims it composes.
    """

    name: str
    function: Function
    package: dict[str, str] = field(default_factory=dict)
    api: Api = AGENT_EXECUTOR

    def composition(self, *, function: str = "", name: str = "", **function_input: object) -> Manifest:
        """The Composition; further arguments go over its input."""
        default = get("compositeresourcedefinitions", f"{self.api.composite}.{API_VERSION.partition('/')[0]}") or {}
        live = get(COMPOSITIONS, default["spec"]["defaultCompositionRef"]["name"]) or {}
        spec = copy.deepcopy(live["spec"])
        (step,) = spec["pipeline"]
        step["functionRef"] = {"name": function or self.function.name}
        step["input"] = {**step["input"], **function_input}
        return {"apiVersion": live["apiVersion"], "kind": "Composition", "metadata": {"name": name or self.name}, "spec": spec}

    def compose(self, **changes: object) -> str:
        """Applies the Composition and returns the name of the revision that it makes or goes back to."""
        apply(self.composition(**changes))  # type: ignore[arg-type]  # as of `composition`
        return wait_for(f"Composition {self.name} has a revision", self.newest)

    def newest(self) -> str:
        """The revision of the Composition as it is; empty while there is none."""
        wanted = (get(COMPOSITIONS, self.name) or {}).get("spec")
        found = find("compositionrevisions.apiextensions.crossplane.io", selector=f"crossplane.io/composition-name={self.name}")
        latest = max(found, key=lambda r: int(r["spec"]["revision"]), default={})
        same = latest and latest["spec"]["pipeline"] == (wanted or {}).get("pipeline") and is_true(latest, "ValidPipeline")
        return str(latest["metadata"]["name"]) if same else ""

    def delete_composition(self) -> None:
        kubectl("delete", COMPOSITIONS, self.name, "--ignore-not-found", "--timeout=60s", timeout_seconds=90)


def own_function(settings: Settings, name: str) -> Function:
    return Function(name, settings.crossplane_namespace)


def _document(kind: str) -> Manifest:
    found: Manifest = next(d for d in yaml.safe_load_all(FUNCTION_FILE.read_text()) if d["kind"] == kind)
    return found

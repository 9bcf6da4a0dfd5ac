"""Counters of the function, of Crossplane and of the API server, read from their own metrics."""

import re
from dataclasses import dataclass
from typing import Final

from benchmarks.scale.api import Api, Object
from tests.e2e.cluster import is_true
from tests.e2e.operations.platform import Platform

PORT: Final = 8080
CROSSPLANE: Final = "app=crossplane"
SAMPLE: Final = re.compile(r"^(?P<name>\w+)(\{(?P<labels>.*)\})? (?P<value>\S+)$", re.MULTILINE)
WRITES: Final = ("POST", "PUT", "PATCH", "APPLY", "DELETE")
OURS: Final = ("agentexecutors", "xagentexecutors", "deployments", "services", "serviceaccounts")
KEDAS: Final = ("scaledobjects", "horizontalpodautoscalers")
"""Resources that KEDA and the HPA controller write while nothing changes."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Totals at one moment.

    Attributes:
        function_calls: Requests that the function has answered.
        function_cpu_seconds: Processor time of all its pods.
        crossplane_cpu_seconds: Of Crossplane's pods.
        reconciles: Times that Crossplane looked at a composite resource.
        writes: Requests by resource that changed it, or could have.
        processes: The containers that counted, each start another one.
    """

    function_calls: float
    function_cpu_seconds: float
    crossplane_cpu_seconds: float
    reconciles: float
    writes: dict[str, float]
    processes: frozenset[str] = frozenset()

    def since(self, earlier: "Reading") -> "Reading":
        """What was counted from then to now.

        Raises:
            RuntimeError: Others count now, and began at nothing: the difference would tell too little.
        """
        if others := self.processes ^ earlier.processes:
            raise RuntimeError(f"{'; '.join(sorted(others))}: ended or started while counters were read; see why, and measure again")
        return Reading(
            self.function_calls - earlier.function_calls,
            self.function_cpu_seconds - earlier.function_cpu_seconds,
            self.crossplane_cpu_seconds - earlier.crossplane_cpu_seconds,
            self.reconciles - earlier.reconciles,
            {name: count - earlier.writes.get(name, 0) for name, count in self.writes.items() if count != earlier.writes.get(name, 0)},
            self.processes,
        )


class Meters:
    """Reads the counters of the pods that run now."""

    def __init__(self, api: Api, platform: Platform) -> None:
        self._api = api
        self._namespace = platform.function.namespace
        self._function = f"pkg.crossplane.io/function={platform.function.name}"

    def read(self) -> Reading:
        pods = {selector: self._pods(selector) for selector in (self._function, CROSSPLANE)}
        function, crossplane = map(self._metrics, pods.values())
        return Reading(
            function_calls=total(function, "function_requests_total"),
            function_cpu_seconds=total(function, "process_cpu_seconds_total"),
            crossplane_cpu_seconds=total(crossplane, "process_cpu_seconds_total"),
            reconciles=total(crossplane, "controller_runtime_reconcile_total", 'controller="composite/xagentexecutors'),
            writes=self._writes(),
            processes=frozenset(start for found in pods.values() for pod in found for start in starts(pod)),
        )

    def function_memory_bytes(self) -> float:
        """What the function's pods hold, all together."""
        return total(self._metrics(self._pods(self._function)), "process_resident_memory_bytes")

    def _pods(self, selector: str) -> list[Object]:
        pods = [pod for pod in self._api.items(f"/api/v1/namespaces/{self._namespace}/pods", selector) if is_true(pod, "Ready")]
        if not pods:
            raise RuntimeError(f"namespace {self._namespace}: no pod with {selector} is ready")
        return pods

    def _metrics(self, pods: list[Object]) -> str:
        names = [pod["metadata"]["name"] for pod in pods]
        return "\n".join(self._api.text(f"/api/v1/namespaces/{self._namespace}/pods/{name}:{PORT}/proxy/metrics") for name in names)

    def _writes(self) -> dict[str, float]:
        text = "\n".join(line for line in self._api.text("/metrics").splitlines() if line.startswith("apiserver_request_total{"))
        return {
            resource: sum(total(text, "apiserver_request_total", f'resource="{resource}"', f'verb="{verb}"') for verb in WRITES)
            for resource in (*OURS, *KEDAS)
        }


def starts(pod: Object) -> list[str]:
    """The pod's containers, each with how often it was started again."""
    name, statuses = pod["metadata"]["name"], pod["status"]["containerStatuses"]
    return [f"pod {name}, container {status['name']}, restart {status['restartCount']}" for status in statuses]


def total(text: str, name: str, *labels: str) -> float:
    """The sum of all samples of that name that have the labels, in Prometheus' text format."""
    found = (sample for sample in SAMPLE.finditer(text) if sample["name"] == name)
    return sum(float(sample["value"]) for sample in found if all(label in (sample["labels"] or "") for label in labels))

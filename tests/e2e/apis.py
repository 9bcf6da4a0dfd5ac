"""The platform's APIs, as the tests look at their claims."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.e2e.cluster import Manifest

API_VERSION: Final = "platform.bizmatters.io/v1alpha1"


@dataclass(frozen=True, slots=True)
class Api:
    """One kind of claim.

    Attributes:
        kind: As in a claim.
        resource: As kubectl names it.
        composite: The composite's, for kubectl.
        conditions: All that are True on a claim that is ready.
        composed: What a claim becomes: kinds, and what each adds to the claim's name.
        image: Where a claim says which image it runs.
    """

    kind: str
    resource: str
    composite: str
    conditions: tuple[str, ...]
    composed: Mapping[str, str]
    image: Callable[[Manifest], object]

    def manifest(self, name: str, spec: Manifest) -> Manifest:
        return {"apiVersion": API_VERSION, "kind": self.kind, "metadata": {"name": name}, "spec": spec}


AGENT_EXECUTOR: Final = Api(
    kind="AgentExecutor",
    resource="agentexecutors.platform.bizmatters.io",
    composite="xagentexecutors",
    conditions=("SpecValid", "WorkloadReady", "ScalerReady", "Synced", "Ready"),
    composed={"deployment": "", "service": "", "serviceaccount": "", "scaledobject": "-scaler"},
    image=lambda claim: claim["spec"]["image"],
)
AGENT_TYPE: Final = Api(
    kind="AgentType",
    resource="agenttypes.platform.bizmatters.io",
    composite="xagenttypes",
    conditions=("SpecValid", "WorkloadReady", "ModelsConfigured", "ScalerReady", "Synced", "Ready"),
    composed={"deployment": "", "service": "", "serviceaccount": "", "configmap": "-sidecar"},
    image=lambda claim: claim["spec"]["agent"].get("image") or claim["spec"]["agent"]["code"]["runtimeImage"],
)
APIS: Final = (AGENT_EXECUTOR, AGENT_TYPE)

"""Composite resources and observed objects for tests."""

from typing import Any

from zerotouch_function.composition import Composition, Condition
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING
from zerotouch_function.registry import compose

MINIMAL_SPEC: Manifest = {"image": "ghcr.io/org/service:v1.0.0", "natsStreamName": "ORDERS", "natsConsumerGroup": "order-workers"}
MINIMAL_AGENT: Manifest = {"agent": {"image": "ghcr.io/org/agent:v1.0.0"}}


def agent(spec: Manifest | None = None, *, name: str = "my-agent", namespace: str = "ns", **metadata: Any) -> Manifest:
    """An XAgentType as Crossplane makes it of a claim. `spec` goes over the minimal one."""
    xr = composite(name=name, namespace=namespace, **metadata)
    return {**xr, "kind": "XAgentType", "spec": {**MINIMAL_AGENT, **(spec or {}), "claimRef": xr["spec"]["claimRef"]}}


def composite(spec: Manifest | None = None, *, name: str = "my-service", namespace: str = "ns", **metadata: Any) -> Manifest:
    """An XAgentExecutor as Crossplane makes it of a claim. `spec` goes over the minimal one."""
    return {
        "apiVersion": "platform.bizmatters.io/v1alpha1",
        "kind": "XAgentExecutor",
        "metadata": {"name": f"{name}-x7k2p", **metadata},
        "spec": {**MINIMAL_SPEC, **(spec or {}), "claimRef": {"name": name, "namespace": namespace}},
    }


def created(xr: Manifest, settings: Manifest | None = None) -> dict[str, Manifest]:
    """What a claim becomes that was created this moment, by resource key; `settings` is the Composition's input."""
    return {key: resource.manifest for key, resource in compose(xr, NOTHING, settings or {}).resources.items()}


def condition(answer: Composition, kind: str) -> Condition:
    """The answer's one condition of that type."""
    (found,) = (one for one in answer.conditions if one.type == kind)
    return found


def deployed(manifest: Manifest, *, replicas: int = 1, generation: int = 1, **status: Any) -> Manifest:
    """A Deployment as the cluster has it once it is rolled out; `status` goes over that."""
    rolled_out = {
        "observedGeneration": generation,
        "replicas": replicas,
        "updatedReplicas": replicas,
        "availableReplicas": replicas,
        "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}],
    }
    return {
        **manifest,
        "metadata": {**manifest["metadata"], "generation": generation},
        "spec": {**manifest["spec"], "replicas": replicas},
        "status": {**rolled_out, **status},
    }


def scaling(manifest: Manifest, *conditions: tuple[str, ...]) -> Manifest:
    """A ScaledObject as KEDA has it: types and statuses of its conditions, and messages where those matter; by default it scales."""
    told = [(*condition, "said KEDA")[:3] for condition in conditions or (("Ready", "True"),)]
    return {**manifest, "status": {"conditions": [{"type": kind, "status": status, "message": text} for kind, status, text in told]}}


def wrapped(manifest: Manifest, inner: Manifest | None = None) -> Manifest:
    """A provider-kubernetes Object as the cluster has it, once the object inside exists."""
    return {**manifest, "status": {"atProvider": {"manifest": inner or manifest["spec"]["forProvider"]["manifest"]}}}

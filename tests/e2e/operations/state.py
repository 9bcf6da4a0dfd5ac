"""What must not change while the platform does, and what a claim shows of who composes it."""

from collections.abc import Sequence
from typing import Final

from tests.e2e.claims import TINY, Claim
from tests.e2e.cluster import Manifest, get

TOO_MUCH: Final[Manifest] = {"requests": {**TINY["requests"], "memory": "64Gi"}}
"""More memory than the limit of the size, which the function refuses and the API server lets through."""


def unchanged(claims: Sequence[Claim]) -> Manifest:
    """Everything about the claims' objects and pods that only a change of the spec may alter.

    KEDA and the Deployment's controller write status; specs have a generation, and what has none nobody but Crossplane writes.
    """
    return {claim.name: {"objects": _objects(claim), "pods": _pods(claim)} for claim in claims}


def _objects(claim: Claim) -> Manifest:
    found = {kind: claim.composed(kind).get("metadata", {}) for kind in claim.uids()}
    return {
        kind: (
            metadata.get("uid"),
            metadata.get("generation") or metadata.get("resourceVersion"),
            metadata.get("labels"),
            metadata.get("annotations"),
        )
        for kind, metadata in found.items()
    }


def _pods(claim: Claim) -> Manifest:
    """An agent's sidecar is among the init containers."""
    return {
        pod["metadata"]["name"]: (
            pod["metadata"]["uid"],
            [status["restartCount"] for key in ("initContainerStatuses", "containerStatuses") for status in pod["status"].get(key) or []],
        )
        for pod in claim.pods()
    }


def composite_of(claim: Claim) -> Manifest:
    return get(claim.api.composite, claim.composite()) or {}


def revision(claim: Claim) -> str:
    """The Composition's revision that the claim is composed with."""
    return str(composite_of(claim)["spec"]["compositionRevisionRef"]["name"])


def scales_to(claim: Claim, most: int) -> bool:
    """Whether that `maxReplicas` of an AgentExecutor has been composed."""
    return bool(claim.composed("scaledobject")["spec"]["maxReplicaCount"] == most)


def wait_answered(claim: Claim) -> None:
    """Waits until what serves now has answered this claim: it refuses a spec that cannot be, and composes the one before again."""
    claim.update({"resources": TOO_MUCH})
    claim.wait_condition("SpecValid", "False", containing=TOO_MUCH["requests"]["memory"])
    claim.update({"resources": TINY})
    claim.wait_ready()

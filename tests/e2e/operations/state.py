"""What must not change while the platform does."""

from collections.abc import Sequence

from tests.e2e.claims import Claim
from tests.e2e.cluster import Manifest


def unchanged(claims: Sequence[Claim]) -> Manifest:
    """Everything about the claims' objects and pods that only a change of the spec may alter.

    KEDA and the Deployment's controller write status; specs have a generation, and what has none nobody but Crossplane writes.
    """
    return {claim.name: {"objects": _objects(claim), "pods": _pods(claim)} for claim in claims}


def _objects(claim: Claim) -> Manifest:
    found = {kind: claim.composed(kind).get("metadata", {}) for kind in claim.uids()}
    return {kind: (metadata.get("uid"), metadata.get("generation") or metadata.get("resourceVersion")) for kind, metadata in found.items()}


def _pods(claim: Claim) -> Manifest:
    return {
        pod["metadata"]["name"]: (
            pod["metadata"]["uid"],
            [status["restartCount"] for status in pod["status"].get("containerStatuses") or []],
        )
        for pod in claim.pods()
    }

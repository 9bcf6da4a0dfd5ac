"""The Deployment that runs a claim's pods."""

from typing import Final

from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest
from zerotouch_function.resources.metadata import object_meta, selector

REVISIONS_KEPT: Final = 3
"""Old ReplicaSets kept for `kubectl rollout undo`."""


def deployment(
    claim: Claim, *, component: str, template: Manifest, progress_deadline_seconds: int, replicas: int | None = None
) -> Manifest:
    """A Deployment whose old pods stay until new ones are ready. Without `replicas` their number belongs to a scaler."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": object_meta(claim, component=component),
        "spec": {
            **({} if replicas is None else {"replicas": replicas}),
            "revisionHistoryLimit": REVISIONS_KEPT,
            "progressDeadlineSeconds": progress_deadline_seconds,
            "selector": {"matchLabels": selector(claim)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": template,
        },
    }

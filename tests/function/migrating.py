"""A cluster in which claims migrate: Jobs, their pods, and how slowly one learns of the other."""

from dataclasses import dataclass, field
from typing import Any

from tests.composites import composite, deployed, wrapped
from zerotouch_function.composition import Composition
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import Snapshot
from zerotouch_function.registry import compose

NEVER_STARTS = "app:typo"
"""An image that cannot be pulled."""

RETRIES = 3


@dataclass
class Pod:
    """A pod of a Job. Told to end it may go on for its whole grace period, and one that is about to start may start after all."""

    image: str
    state: str = "pending"
    is_terminating: bool = False

    @property
    def is_over(self) -> bool:
        return self.state in ("succeeded", "failed", "gone")


@dataclass
class Job:
    """A Job as the API server has it; `status` is what the controller wrote last."""

    manifest: Manifest
    pods: list[Pod] = field(default_factory=list)

    def applied(self, manifest: Manifest, *, by_merge: bool) -> None:
        """Server-side apply takes back what is no longer sent; the provider merges. Whatever a Job refuses to change is the same."""
        assert manifest["spec"]["template"] == self.manifest["spec"]["template"], "the API server refuses another template"
        spec = {**self.manifest["spec"], **manifest["spec"]} if by_merge else manifest["spec"]
        earlier = self.manifest["metadata"].get("annotations", {}) if by_merge else {}
        annotations = {**earlier, **manifest["metadata"].get("annotations", {})}
        self.manifest = {**self.manifest, "metadata": {**manifest["metadata"], "annotations": annotations}, "spec": spec}

    @property
    def takes_pods_along(self) -> bool:
        """Whether its pods go with it when its deletion says nothing of them, as the provider's does (`store.go`, Kubernetes 1.36)."""
        return "foregroundDeletion" in self.manifest["metadata"].get("finalizers", [])

    def is_said(self, outcome: str) -> bool:
        conditions = self.manifest.get("status", {}).get("conditions", [])
        return any(c["type"] == outcome and c["status"] == "True" for c in conditions)

    def controlled(self) -> None:
        """What Kubernetes' controller does when it comes to the Job (`pkg/controller/job`, Kubernetes 1.36)."""
        if self.is_said("Complete") or self.is_said("Failed"):
            return
        is_suspended = self.manifest["spec"].get("suspend", False)
        active = [pod for pod in self.pods if not pod.is_over and not pod.is_terminating]
        failed = sum(pod.state == "failed" for pod in self.pods)
        outcome = "Complete" if any(pod.state == "succeeded" for pod in self.pods) else "Failed" if failed > RETRIES else ""
        if is_suspended and not outcome:
            for pod in active:
                pod.is_terminating = True
            active = []
        elif not active and not outcome:
            active = [Pod(self.manifest["spec"]["template"]["spec"]["containers"][0]["image"])]
            self.pods += active
        terminating = sum(pod.is_terminating and not pod.is_over for pod in self.pods)
        told = {"Suspended": is_suspended and not outcome, **({outcome: True} if outcome and not terminating else {})}
        self.manifest["status"] = {
            "active": len(active),
            "ready": sum(pod.state == "running" for pod in active),
            "terminating": terminating,
            "failed": failed,
            "conditions": [{"type": kind, "status": str(is_true)} for kind, is_true in told.items()],
        }


class Cluster:
    """A claim with `migrations.mode: job`, and what became of it."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.image = "app:v1"
        self.migrations: Manifest = {"mode": "job"}
        self.jobs: dict[str, Job] = {}
        self.pods: list[Pod] = []
        self._others: dict[str, Manifest] = {}
        self._objects: dict[str, Manifest] = {}

    @property
    def deployed_image(self) -> str:
        """What the claim's pods run; empty before the first ones."""
        found: Any = self._others.get("deployment")
        return found["spec"]["template"]["spec"]["containers"][0]["image"] if found else ""

    def asked(self) -> Composition:
        xr = composite({"migrations": self.migrations, "image": self.image})
        return compose(xr, Snapshot(self._observed()), {"mode": self.mode})

    def reconciled(self) -> None:
        """Crossplane asks, deletes what the answer has not, and applies the rest."""
        desired = {key: resource.manifest for key, resource in self.asked().resources.items()}
        inner = {key: m["spec"]["forProvider"]["manifest"] for key, m in desired.items()} if self.mode == "objects" else desired
        for key in self.jobs.keys() - inner.keys():
            job = self.jobs.pop(key)
            for pod in job.pods if self.mode == "direct" or job.takes_pods_along else ():
                pod.is_terminating = True
        for key, manifest in inner.items():
            if manifest["kind"] != "Job":
                self._others[key] = deployed(manifest) if manifest["kind"] == "Deployment" else manifest
            elif key in self.jobs:
                self.jobs[key].applied(manifest, by_merge=self.mode == "objects")
            else:
                self.jobs[key] = Job(manifest)
        self._objects = desired

    def controlled(self) -> None:
        for job in self.jobs.values():
            job.controlled()
            self.pods += [pod for pod in job.pods if not any(pod is known for known in self.pods)]

    def _observed(self) -> dict[str, Manifest]:
        inner = {**self._others, **{key: job.manifest for key, job in self.jobs.items()}}
        return inner if self.mode == "direct" else {key: wrapped(self._objects[key], manifest) for key, manifest in inner.items()}

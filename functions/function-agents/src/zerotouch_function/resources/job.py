"""A Job that runs once per release."""

from typing import Final

from zerotouch_contract import labels as contract
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest, child_name, content_hash
from zerotouch_function.resources.metadata import object_meta

JOB_NAME: Final = "batch.kubernetes.io/job-name"
"""Label that Kubernetes puts on the pods of a Job."""

OF_THE_SERVER: Final = ("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", JOB_NAME)
"""Labels that the API server puts on the pods of a Job. It refuses a Job that comes with others' values for them."""

RETRIES: Final = 3
"""Pods that may fail before the Job gives up."""

REPLACEMENT: Final = "Failed"
"""A pod that is told to end, as on a node that is drained, is replaced when it has ended: until then there would be two."""

PODS_FIRST: Final = "foregroundDeletion"
"""Finalizer with which a Job takes its pods along. Who deletes a Job and says nothing of its pods leaves them behind, and running
(`DefaultGarbageCollectionPolicy` of Kubernetes' batch/v1), and that is how provider-kubernetes 1.2 deletes."""


def release_job(claim: Claim, *, component: str, purpose: str, template: Manifest) -> Manifest:
    """A Job named after the hash of its pod: another release is another Job, for a Job cannot be changed.

    It stays after it has ended (no `ttlSecondsAfterFinished`): Crossplane would start one that vanished again.
    """
    pod = _own_pods(template, component)
    own_template = {**pod, "spec": {**pod["spec"], "restartPolicy": "Never"}}
    name = child_name(claim.name, purpose, content_hash(pod))
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {**object_meta(claim, component=component, name=name), "finalizers": [PODS_FIRST]},
        "spec": {"backoffLimit": RETRIES, "podReplacementPolicy": REPLACEMENT, "template": own_template},
    }


def _own_pods(template: Manifest, component: str) -> Manifest:
    """The template without the label that the claim's Service and Deployment select by, and without the API server's own."""
    labels = {key: value for key, value in template["metadata"]["labels"].items() if key not in (contract.APP, *OF_THE_SERVER)}
    return {**template, "metadata": {**template["metadata"], "labels": {**labels, contract.COMPONENT: component}}}

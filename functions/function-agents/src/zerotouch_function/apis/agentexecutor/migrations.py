"""The Job that migrates once for a release, and Jobs of other releases that have not ended.

Two schema migrations at once can break a database, and a pod outlives its Job's deletion by its whole grace period. So a release's Job
is sent when no other one has a pod any more, and until then the other one is sent again:

    its pod runs         as it is: it ends by itself
    no pod of it runs    suspended: Kubernetes ends a pod that waits, and starts no other

Suspended rather than waited for, because a pod whose image cannot be pulled never ends, and the release that mends it would wait for
ever. A Job that hangs is suspended by hand; the condition has the command. Deleted by hand, an Object's Job would begin anew.
"""

import re
from collections.abc import Iterable
from typing import Final

from zerotouch_contract import labels
from zerotouch_function.composition import Condition, Status
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import HASH_LENGTH, Manifest, Observation, part, text, without_empty
from zerotouch_function.observed import Composed
from zerotouch_function.readiness import WORKLOAD_READY, condition, count, main_image, sentence
from zerotouch_function.resources.job import JOB_NAME, OF_THE_SERVER, REPLACEMENT, RETRIES

KEY: Final = re.compile(rf"migration-[0-9a-f]{{{HASH_LENGTH}}}")
"""Resource keys of Jobs, as `job_key` makes them."""


def job_key(job: Manifest) -> str:
    """The Job's resource key: one per release, so that an earlier release's Job is removed and not rewritten."""
    return f"migration-{str(job['metadata']['name'])[-HASH_LENGTH:]}"


def unfinished(composed: Composed, *, besides: str) -> dict[str, Observation]:
    """Jobs of other releases than that key's that may have a pod, by key.

    An Object whose Job was never seen and cannot be written has none.
    """
    keys = [key for key in filter(KEY.fullmatch, composed.keys()) if key != besides]
    jobs = {key: composed.sent(key) for key in keys if composed.has(key) or not composed.problem(key)}
    return {key: job for key, job in jobs.items() if job is not None and job.get("kind") == "Job" and not _has_ended(job)}


def sent_again(job: Manifest, observed: Observation) -> Manifest:
    """Another release's Job as it is, suspended where no pod of it runs.

    It has what was sent once and nothing that is the server's: the selector, and labels for it. All of the pod stays equal to what it
    is, for the API server refuses a change.

    Args:
        job: This release's Job.
        observed: The other one.
    """
    spec, template = part(observed, "spec"), part(observed, "spec", "template")
    metadata = part(template, "metadata")
    pod_labels = {key: value for key, value in part(metadata, "labels").items() if key not in OF_THE_SERVER}
    stops = spec.get("suspend") is True or not count(part(observed, "status"), "ready")
    return {
        **job,
        "metadata": {
            **job["metadata"],
            "name": text(part(observed, "metadata").get("name")),
            **({"annotations": {labels.STOPPED: "true"}} if stops else {}),
        },
        "spec": {
            **({"suspend": True} if stops else {}),
            "backoffLimit": count(spec, "backoffLimit", RETRIES),
            "podReplacementPolicy": REPLACEMENT,
            "template": {**template, "metadata": without_empty({"labels": pod_labels, "annotations": dict(part(metadata, "annotations"))})},
        },
    }


def of_this_release(job: Manifest, observed: Observation | None) -> Manifest:
    """The Job of this release. What was suspended for another one is resumed when its pod has ended; what a person suspended is not."""
    if observed is None or labels.STOPPED not in part(observed, "metadata", "annotations"):
        return job
    if part(observed, "spec").get("suspend") is True and not _has_ended(observed):
        return sent_again(job, observed)
    return {**job, "spec": {"suspend": False, **job["spec"]}}


def has_succeeded(job: Observation | None) -> bool:
    """Whether the Job's migrations are done."""
    return job is not None and _has(job, "Complete")


def has_failed(job: Observation | None) -> bool:
    """Whether the Job has given up."""
    return job is not None and _has(job, "Failed")


def waiting_condition(claim: Claim, job: Manifest, others: Iterable[Observation]) -> Condition:
    """Why this release's migrations do not start yet."""
    name = min(text(part(other, "metadata").get("name")) for other in others)
    kubectl = f"kubectl -n {claim.namespace}"
    message = (
        f"Migrations of image {main_image(job)} start when Job {name}, which migrates for another release, has ended. "
        f"""See it with: {kubectl} logs job/{name}; stop it with: {kubectl} patch job {name} -p '{{"spec":{{"suspend":true}}}}'"""
    )
    return Condition(WORKLOAD_READY, Status.FALSE, "Migrating", message)


def migration_condition(
    claim: Claim, job: Manifest, observed: Observation | None, *, is_deployed: bool, problem: str = "", explanation: str = ""
) -> Condition:
    """Why the workload waits. A Job with a failed pod tries again for more than a minute: that is told before it gives up.

    Args:
        claim: Whose Job.
        job: The Job as it is sent.
        observed: The Job as it is; None while there is none.
        is_deployed: Pods of the release run already: its Job was gone, and migrates for it again.
        problem: Why the Job cannot be written, where that is known.
        explanation: Why its pod does not start, where pods may be read; takes the place of the commands that would show it.
    """
    name, image, kubectl = job["metadata"]["name"], main_image(job), f"kubectl -n {claim.namespace}"
    logs = f"See why with: {kubectl} logs job/{name}"
    if problem:
        return Condition(WORKLOAD_READY, Status.FALSE, "CannotWrite", f"Job {name} cannot be written: {sentence(problem)}")
    if has_failed(observed):
        pods = "and its pods, which run already, go on" if is_deployed else "so its pods are not started"
        message = f"Migrations of image {image} failed, {pods}. {logs}"
        return Condition(WORKLOAD_READY, Status.FALSE, "MigrationFailed", message)
    if observed is not None and count(part(observed, "status"), "failed"):
        message = f"Migrations of image {image} failed and are tried again; its pods start after them. {logs}"
        return Condition(WORKLOAD_READY, Status.FALSE, "MigrationFailing", message)
    message = f"Migrations of image {image} run in Job {name}, and its pods start after them"
    if observed is not None and not count(part(observed, "status"), "ready"):
        look = f"No pod of the Job runs. See why with: {kubectl} describe job/{name}; {kubectl} describe pods -l {JOB_NAME}={name}"
        message = f"{message}. {explanation or look}"
    return Condition(WORKLOAD_READY, Status.FALSE, "Migrating", message)


def _has_ended(job: Observation) -> bool:
    """Whether no pod of the Job is left, and none will come unless it is resumed."""
    if has_succeeded(job) or has_failed(job):
        return True
    status = part(job, "status")
    is_suspended = part(job, "spec").get("suspend") is True and _has(job, "Suspended")
    return is_suspended and not count(status, "active") and not count(status, "terminating")


def _has(job: Observation, outcome: str) -> bool:
    return condition(job, outcome).get("status") == "True"

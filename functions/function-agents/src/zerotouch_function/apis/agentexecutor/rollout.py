"""How a spec reaches the pods: the Deployment and, where migrations run once per release, the Job that goes before it.

The Deployment changes when the Job of its release has succeeded. Until then the one that exists is sent again as it is, for an object
that is not sent is deleted.
"""

from typing import Final

from msgspec import Struct

from zerotouch_contract import labels
from zerotouch_function.apis.agentexecutor.spec import AgentExecutorSpec
from zerotouch_function.apis.agentexecutor.workload import migration_job, workload
from zerotouch_function.composition import Condition, Resource, Status
from zerotouch_function.diagnosis import PODS, explain
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import HASH_LENGTH, Manifest, Observation, part
from zerotouch_function.observed import Composed
from zerotouch_function.readiness import WORKLOAD_READY, condition, count, main_image, workload_condition
from zerotouch_function.release import release_of, with_release
from zerotouch_function.settings import Settings

DEPLOYMENT: Final = "deployment"


class Rollout(Struct, frozen=True):
    """What to send now, and how far it has come."""

    resources: dict[str, Resource]
    condition: Condition


def rollout(claim: Claim, spec: AgentExecutorSpec, settings: Settings, composed: Composed) -> Rollout:
    """The Deployment and its migrations, in order."""
    deployment = with_release(workload(claim, spec, settings))
    current = composed.sent(DEPLOYMENT)
    job = migration_job(claim, spec, settings)
    if job is None:
        return _rolled_out(deployment, workload_state(claim, spec, deployment, composed), {})
    observed_job = composed.get(job_key(job))
    succeeded = _has(observed_job, "Complete")
    jobs = {job_key(job): Resource(job, is_ready=succeeded)}
    if succeeded or (current is not None and release_of(current) == release_of(deployment)):
        return _rolled_out(deployment, workload_state(claim, spec, deployment, composed), jobs)
    state = migration_condition(claim, job, observed_job)
    return Rollout({**jobs, **({DEPLOYMENT: Resource(held_back(deployment, current))} if current else {})}, state)


def workload_state(claim: Claim, spec: AgentExecutorSpec, deployment: Manifest, composed: Composed) -> Condition:
    """The Deployment's condition, with what the pods say where they may be read."""
    pods = composed.required(PODS) or ()
    return workload_condition(
        claim,
        composed.get(DEPLOYMENT),
        want_release=release_of(deployment),
        problem=composed.problem(DEPLOYMENT),
        explanation=explain(claim, pods, fields=secret_fields(spec), image=spec.image),
    )


def job_key(job: Manifest) -> str:
    """The Job's resource key: one per release, so that an earlier release's Job is removed and not rewritten."""
    return f"migration-{str(job['metadata']['name'])[-HASH_LENGTH:]}"


def held_back(deployment: Manifest, observed: Observation) -> Manifest:
    """The Deployment as it runs, to be sent again."""
    metadata = {**deployment["metadata"], "annotations": {labels.RELEASE: release_of(observed)}}
    return {**deployment, "metadata": metadata, "spec": {key: value for key, value in part(observed, "spec").items() if key != "replicas"}}


def migration_condition(claim: Claim, job: Manifest, observed: Observation | None) -> Condition:
    """Why the workload waits. A Job with a failed pod tries again for more than a minute: that is told before it gives up."""
    name, image = job["metadata"]["name"], main_image(job)
    logs = f"See why with: kubectl -n {claim.namespace} logs job/{name}"
    if _has(observed, "Failed"):
        message = f"Migrations of image {image} failed, so its pods are not started. {logs}"
        return Condition(WORKLOAD_READY, Status.FALSE, "MigrationFailed", message)
    if observed is not None and count(part(observed, "status"), "failed"):
        message = f"Migrations of image {image} failed and are tried again; its pods start after them. {logs}"
        return Condition(WORKLOAD_READY, Status.FALSE, "MigrationFailing", message)
    message = f"Migrations of image {image} run in Job {name}, and its pods start after them"
    return Condition(WORKLOAD_READY, Status.FALSE, "Migrating", message)


def secret_fields(spec: AgentExecutorSpec) -> dict[str, str]:
    """By name of a Secret that pods cannot start without, the field that names it."""
    return {
        spec.postgres_connection_secret: "spec.postgresConnectionSecret",
        spec.dragonfly_connection_secret: "spec.dragonflyConnectionSecret",
        spec.nats.credentials_secret: "spec.nats.credentialsSecret",
        spec.nats.ca_secret: "spec.nats.caSecret",
    }


def _rolled_out(deployment: Manifest, state: Condition, jobs: dict[str, Resource]) -> Rollout:
    return Rollout({**jobs, DEPLOYMENT: Resource(deployment, is_ready=state.status is Status.TRUE)}, state)


def _has(job: Observation | None, outcome: str) -> bool:
    return job is not None and condition(job, outcome).get("status") == "True"

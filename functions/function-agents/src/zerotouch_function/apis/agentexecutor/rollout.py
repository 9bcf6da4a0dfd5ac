"""How a spec reaches the pods: the Deployment and, where migrations run once per release, the Job that goes before it.

The Deployment changes when the Job of its release has succeeded. Until then the one that exists is sent again as it is, for an object
that is not sent is deleted.
"""

from typing import Final

from msgspec import Struct

from zerotouch_contract import labels
from zerotouch_function.apis.agentexecutor.migrations import (
    has_failed,
    has_succeeded,
    job_key,
    migration_condition,
    of_this_release,
    sent_again,
    unfinished,
    waiting_condition,
)
from zerotouch_function.apis.agentexecutor.spec import AgentExecutorSpec
from zerotouch_function.apis.agentexecutor.workload import migration_job, workload
from zerotouch_function.composition import Condition, Resource, Status
from zerotouch_function.diagnosis import PODS, explain, of_job
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest, Observation, part
from zerotouch_function.observed import Composed
from zerotouch_function.readiness import workload_condition
from zerotouch_function.release import release_of, with_release
from zerotouch_function.settings import Settings

DEPLOYMENT: Final = "deployment"


class Rollout(Struct, frozen=True):
    """What to send now, and how far it has come.

    Attributes:
        resources: The Deployment and its Jobs.
        condition: How far it has come.
        is_held_back: Pods of an earlier spec go on, until the migrations of this one are done.
    """

    resources: dict[str, Resource]
    condition: Condition
    is_held_back: bool = False


def rollout(claim: Claim, spec: AgentExecutorSpec, settings: Settings, composed: Composed) -> Rollout:
    """The Deployment and its migrations, in order."""
    deployment = with_release(workload(claim, spec, settings))
    current = composed.sent(DEPLOYMENT)
    job = migration_job(claim, spec, settings)
    if job is None:
        return _rolled_out(deployment, workload_state(claim, spec, deployment, composed), {})
    key = job_key(job)
    observed_job, others = composed.get(key), unfinished(composed, besides=key)
    is_deployed = current is not None and release_of(current) == release_of(deployment)
    succeeded, failed = has_succeeded(observed_job), has_failed(observed_job)
    jobs = {other: Resource(sent_again(job, observed)) for other, observed in others.items()}
    if not others or composed.sent(key) is not None:
        jobs[key] = Resource(of_this_release(job, observed_job), is_ready=succeeded or (is_deployed and not failed))
    if not others and (succeeded or is_deployed):
        state = migration_state(claim, spec, job, composed, is_deployed) if failed else workload_state(claim, spec, deployment, composed)
        return _rolled_out(deployment, state, jobs)
    state = waiting_condition(claim, job, others.values()) if others else migration_state(claim, spec, job, composed, is_deployed)
    if current is None:
        return Rollout(jobs, state)
    return Rollout({**jobs, DEPLOYMENT: Resource(held_back(deployment, current))}, state, is_held_back=True)


def workload_state(claim: Claim, spec: AgentExecutorSpec, deployment: Manifest, composed: Composed) -> Condition:
    """The Deployment's condition, with what the pods say where they may be read."""
    pods = of_job(composed.required(PODS) or (), "")
    return workload_condition(
        claim,
        composed.get(DEPLOYMENT),
        want_release=release_of(deployment),
        problem=composed.problem(DEPLOYMENT),
        explanation=explain(claim, pods, fields=secret_fields(spec), image=spec.image),
    )


def migration_state(claim: Claim, spec: AgentExecutorSpec, job: Manifest, composed: Composed, is_deployed: bool) -> Condition:
    """The Job's condition, with what its pod says that waits, where it may be read. One that ran has a log, whose command is told."""
    pods = of_job(composed.required(PODS) or (), job["metadata"]["name"])
    waiting = [pod for pod in pods if part(pod, "status").get("phase") == "Pending"]
    explanation = explain(claim, waiting, fields=secret_fields(spec), image=spec.image)
    key = job_key(job)
    observed, problem = composed.get(key), composed.problem(key)
    return migration_condition(claim, job, observed, is_deployed=is_deployed, problem=problem, explanation=explanation)


def held_back(deployment: Manifest, observed: Observation) -> Manifest:
    """The Deployment as it runs, to be sent again."""
    metadata = {**deployment["metadata"], "annotations": {labels.RELEASE: release_of(observed)}}
    return {**deployment, "metadata": metadata, "spec": {key: value for key, value in part(observed, "spec").items() if key != "replicas"}}


def secret_fields(spec: AgentExecutorSpec) -> dict[str, str]:
    """By name of a Secret without whose variables no container starts, the field that names it. Of a volume's Secret pods say nothing."""
    return {
        spec.postgres_connection_secret: "spec.postgresConnectionSecret",
        spec.dragonfly_connection_secret: "spec.dragonflyConnectionSecret",
    }


def _rolled_out(deployment: Manifest, state: Condition, jobs: dict[str, Resource]) -> Rollout:
    return Rollout({**jobs, DEPLOYMENT: Resource(deployment, is_ready=state.status is Status.TRUE)}, state)

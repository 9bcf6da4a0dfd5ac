"""Migrations that run once per release go before the pods of that release."""

from typing import Any

import pytest

from tests.composites import composite, deployed
from zerotouch_function.composition import Composition, Status
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import Snapshot
from zerotouch_function.registry import compose

JOB_MODE = {"migrations": {"mode": "job"}}


def answer(image: str, **observed: Manifest) -> Composition:
    return compose(composite({**JOB_MODE, "image": image}), Snapshot(observed), {})


def job_of(composition: Composition) -> tuple[str, Manifest]:
    ((key, resource),) = ((key, r) for key, r in composition.resources.items() if r.manifest["kind"] == "Job")
    return key, resource.manifest


def ended(job: Manifest, how: str) -> Manifest:
    return {**job, "status": {"conditions": [{"type": how, "status": "True"}]}}


def with_job(image: str, how: str, **observed: Any) -> Composition:
    key, job = job_of(answer(image))
    return answer(image, **{key: ended(job, how)}, **observed)


def test_pods_wait_for_the_first_migration() -> None:
    composition = answer("app:v1")
    assert "deployment" not in composition.resources
    assert composition.conditions[1].reason == "Migrating"


def test_pods_start_once_the_migration_has_succeeded() -> None:
    composition = with_job("app:v1", "Complete")
    assert composition.resources["deployment"].manifest["spec"]["template"]["spec"]["containers"][0]["image"] == "app:v1"
    assert "initContainers" not in composition.resources["deployment"].manifest["spec"]["template"]["spec"]


def test_an_update_keeps_the_running_release_until_its_migration_has_succeeded() -> None:
    running = deployed(with_job("app:v1", "Complete").resources["deployment"].manifest, replicas=7)
    held = answer("app:v2", deployment=running).resources["deployment"].manifest
    assert held["spec"]["template"] == running["spec"]["template"]
    assert "replicas" not in held["spec"]
    assert "status" not in held
    released = with_job("app:v2", "Complete", deployment=running).resources["deployment"].manifest
    assert released["spec"]["template"]["spec"]["containers"][0]["image"] == "app:v2"


def test_a_failed_migration_holds_the_release_and_says_so() -> None:
    running = deployed(with_job("app:v1", "Complete").resources["deployment"].manifest)
    composition = with_job("app:v2", "Failed", deployment=running)
    _, told, _ = composition.conditions
    name = job_of(composition)[1]["metadata"]["name"]
    assert told.reason == "MigrationFailed"
    assert told.message == f"Migrations of image app:v2 failed, so its pods are not started. See why with: kubectl -n ns logs job/{name}"
    assert composition.resources["deployment"].manifest["spec"]["template"] == running["spec"]["template"]
    assert not composition.resources["deployment"].is_ready


def test_a_migration_that_is_tried_again_is_told_before_it_gives_up() -> None:
    key, job = job_of(answer("app:v1"))
    composition = answer("app:v1", **{key: {**job, "status": {"active": 1, "failed": 1}}})
    _, told, _ = composition.conditions
    logs = f"kubectl -n ns logs job/{job['metadata']['name']}"
    assert told.reason == "MigrationFailing"
    assert told.message == f"Migrations of image app:v1 failed and are tried again; its pods start after them. See why with: {logs}"


def told(status: Manifest, *pods: Manifest) -> str:
    """What a claim says whose Job has that status, where pods may be read."""
    xr, settings = composite({**JOB_MODE, "image": "app:v1"}), {"diagnostics": {"pods": True}}
    key, job = job_of(compose(xr, Snapshot(), settings))
    (said,) = (c for c in compose(xr, Snapshot({key: {**job, "status": status}}, {"pods": pods}), settings).conditions if "Work" in c.type)
    assert said.reason in ("Migrating", "MigrationFailing", "MigrationFailed")
    return said.message


JOB = job_of(answer("app:v1"))[1]["metadata"]["name"]
RUNS = f"Migrations of image app:v1 run in Job {JOB}, and its pods start after them"
SEE = (
    f"{RUNS}. No pod of the Job runs. See why with: "
    f"kubectl -n ns describe job/{JOB}; kubectl -n ns describe pods -l batch.kubernetes.io/job-name={JOB}"
)


def pod(reason: str, message: str = "", *, job: str = JOB, phase: str = "Pending", **more: Any) -> Manifest:
    container = {"name": "run-migrations", "image": "app:v1", "state": {"waiting": {"reason": reason, "message": message}}, **more}
    return {
        "metadata": {"name": f"{JOB}-x7c9q", "labels": {"batch.kubernetes.io/job-name": job} if job else {}},
        "spec": {"containers": [{"name": "run-migrations", "image": "app:v1"}]},
        "status": {"phase": phase, "containerStatuses": [container]},
    }


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"active": 0},
        {"active": 1, "ready": 0},
        {"active": 1.0, "ready": 0.0},
        {"conditions": [{"type": "Suspended", "status": "True"}]},
    ],
    ids=["new", "refused by quota or pod security", "cannot start", "over the wire", "suspended by hand"],
)
def test_a_migration_whose_pod_does_not_run_says_where_to_look(status: Manifest) -> None:
    assert told(status) == SEE


def test_a_migration_that_runs_says_no_more() -> None:
    assert told({"active": 1, "ready": 1}) == RUNS
    assert told({"active": 1, "ready": 1}, pod("ImagePullBackOff")) == RUNS
    assert answer("app:v1").conditions[1].message == RUNS, "there is nothing yet to look at"


def test_a_migration_that_has_ended_has_its_own_message() -> None:
    for status in ({"failed": 1, "active": 1, "ready": 0}, {"conditions": [{"type": "Failed", "status": "True"}]}):
        assert told(status, pod("ImagePullBackOff")).endswith(f"See why with: kubectl -n ns logs job/{JOB}")


@pytest.mark.parametrize(
    ("stuck", "says"),
    [
        (pod("ImagePullBackOff"), "cannot start: image app:v1 cannot be pulled. See that it exists (spec.image)"),
        (
            pod("CreateContainerConfigError", 'secret "postgres-connection" not found'),
            'cannot start: secret "postgres-connection" not found. Create it in namespace ns, or set spec.postgresConnectionSecret to ""',
        ),
    ],
)
def test_a_migration_that_does_not_start_is_explained_where_pods_are_read(stuck: Manifest, says: str) -> None:
    assert told({"active": 1}, stuck).startswith(f"{RUNS}. Pod {JOB}-x7c9q {says}")


def test_pods_of_others_explain_no_migration_and_no_workload() -> None:
    ended = {"terminated": {"exitCode": 3}}
    for other in (pod("ImagePullBackOff", job="migrate-other"), pod("ImagePullBackOff", job=""), pod("", phase="Failed", state=ended)):
        assert told({"active": 1}, other) == SEE
    deployment = deployed(with_job("app:v1", "Complete").resources["deployment"].manifest, availableReplicas=0)
    settings, xr = {"diagnostics": {"pods": True}}, composite({**JOB_MODE, "image": "app:v1"})
    composition = compose(xr, Snapshot({"deployment": deployment}, {"pods": [pod("ImagePullBackOff")]}), settings)
    assert composition.conditions[1].message.endswith("See why with: kubectl -n ns describe pods -l app=my-service")


def test_the_scaler_comes_with_the_first_pods_and_then_stays() -> None:
    waiting = answer("app:v1")
    assert "scaled-object" not in waiting.resources
    assert (waiting.conditions[2].status, waiting.conditions[2].reason) == (Status.FALSE, "Creating")
    first = with_job("app:v1", "Complete").resources
    assert {"deployment", "scaled-object"} <= first.keys()
    assert "scaled-object" in answer("app:v2", deployment=deployed(first["deployment"].manifest)).resources
    assert "scaled-object" in answer("app:v2", **{"scaled-object": first["scaled-object"].manifest}).resources, "it would be deleted"


def test_each_release_has_a_job_of_its_own() -> None:
    first, second = job_of(answer("app:v1")), job_of(answer("app:v2"))
    assert first[0] != second[0]
    assert first[1]["metadata"]["name"] != second[1]["metadata"]["name"]


def test_scaling_does_not_migrate_again() -> None:
    again = compose(composite({**JOB_MODE, "image": "app:v1", "scaling": {"maxReplicas": 50}}), Snapshot(), {})
    assert job_of(again) == job_of(answer("app:v1"))


def test_a_release_that_has_arrived_stays_when_its_job_is_gone() -> None:
    running = deployed(with_job("app:v1", "Complete").resources["deployment"].manifest)
    composition = answer("app:v1", deployment=running)
    assert composition.resources["deployment"].is_ready


@pytest.mark.parametrize("status", [{}, {"active": 1, "ready": 1}, {"active": 1, "failed": 1}], ids=["new", "runs", "tried again"])
def test_a_release_that_has_arrived_is_ready_while_its_job_runs_again(status: Manifest) -> None:
    """As after somebody deleted it, or after a release that failed and was taken back."""
    running = deployed(with_job("app:v1", "Complete").resources["deployment"].manifest)
    key, job = job_of(answer("app:v1"))
    composition = answer("app:v1", deployment=running, **{key: {**job, "status": status}})
    assert composition.conditions[1].reason == "RolledOut"
    assert all(composition.resources[name].is_ready for name in (key, "deployment"))


def test_a_release_that_has_arrived_says_that_its_migrations_failed_since() -> None:
    deployment = with_job("app:v1", "Complete").resources["deployment"].manifest
    composition = with_job("app:v1", "Failed", deployment=deployed(deployment))
    key, job = job_of(composition)
    logs = f"See why with: kubectl -n ns logs job/{job['metadata']['name']}"
    assert not composition.resources[key].is_ready
    assert composition.conditions[1].message == f"Migrations of image app:v1 failed, and its pods, which run already, go on. {logs}"
    assert composition.resources["deployment"].manifest == deployment


def test_the_service_never_selects_a_migration() -> None:
    _, job = job_of(answer("app:v1"))
    assert "app" not in job["spec"]["template"]["metadata"]["labels"]


def test_a_migration_reads_its_own_resources_whatever_container_the_claim_names() -> None:
    """A pod with a name in it that none of its containers has is never started, and never counts as failed."""
    amount = {"resource": "limits.memory", "divisor": "1Mi"}
    env = [{"name": "MEMORY", "valueFrom": {"resourceFieldRef": {**amount, "containerName": "agent-executor"}}}]
    _, job = job_of(compose(composite({**JOB_MODE, "env": env}), Snapshot(), {}))
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["env"][-1] == {"name": "MEMORY", "valueFrom": {"resourceFieldRef": amount}}
    pod = compose(composite({"env": env}), Snapshot(), {}).resources["deployment"].manifest["spec"]["template"]["spec"]
    assert [c["env"][-1] for c in (*pod["initContainers"], *pod["containers"])] == [env[0], env[0]]

"""Migrations that run once per release (`spec.migrations.mode: job`), before the release's pods."""

import shlex
from datetime import datetime, timedelta
from typing import Final

import pytest

from tests.e2e.claims import MAX_REPLICAS, Claim, spec
from tests.e2e.cluster import Manifest, is_true, kubectl
from tests.e2e.explained import clue, followed
from tests.e2e.images import Workload
from tests.e2e.making import MakeClaims, MakeQueue
from tests.e2e.streams import Queue

ONCE: Manifest = {"mode": "job"}
SCALING: Manifest = {"minReplicas": 2}
GRACE_SECONDS: Final = 10
"""How long a migration goes on that is told to end: a shell does not listen."""

HPA_SECONDS: Final = 15
"""How often Kubernetes looks at what KEDA counts."""

MESSAGES: Final = 200
"""Work for the most pods that a claim may have."""

LONG_GRACE_SECONDS: Final = 25
"""Longer than a Job waits before it replaces a pod, 10 s."""

SLOW_SECONDS: Final = 20
CANNOT_PULL: Final = ("cannot be pulled", "ErrImagePull", "ImagePullBackOff")
"""How a claim says that there is no such image, and how Kubernetes does."""

TOLD: Final = "/tmp/told"
"""A file whose presence ends a migration that waits for it."""

WAITS: Final = "which migrates for another release, has ended"


def jobs(claim: Claim) -> list[Manifest]:
    """The claim's migrations that are not about to go."""
    found = claim.namespace.find("jobs", f"app.kubernetes.io/instance={claim.name},app.kubernetes.io/component=migrations")
    return [job for job in found if not job["metadata"].get("deletionTimestamp")]


def images_migrated(claim: Claim) -> list[str]:
    return [job["spec"]["template"]["spec"]["containers"][0]["image"] for job in jobs(claim) if is_true(job, "Complete")]


@pytest.mark.core
def test_each_release_is_migrated_once_before_its_pods_start(make_claims: MakeClaims, workload: Workload, queue: Queue) -> None:
    (claim,) = make_claims(["migrated"], spec(workload.v1, queue, migrations=ONCE, scaling=SCALING))
    claim.wait_ready()
    assert images_migrated(claim) == [workload.v1]
    assert len(claim.running()) == 2
    assert all("initContainers" not in pod["spec"] for pod in claim.pods())
    uids = claim.uids()
    claim.update({"image": workload.v2})
    claim.wait_ready()
    claim.wait_for("has the new release's migration alone", lambda: images_migrated(claim) == [workload.v2] and len(jobs(claim)) == 1)
    assert claim.ask()["version"] == "v2"
    assert claim.uids() == uids


@pytest.mark.operations
def test_a_failed_migration_keeps_the_running_release_and_says_so(make_claims: MakeClaims, workload: Workload, queue: Queue) -> None:
    (claim,) = make_claims(["held"], spec(workload.v1, queue, migrations=ONCE))
    claim.wait_ready()
    pods, uids = claim.running(), claim.uids()
    claim.update({"image": workload.v2, "migrations": {"command": ["/bin/sh", "-c", "exit 3"]}})
    message = claim.wait_condition("WorkloadReady", "False", containing="failed")
    assert message.startswith(f"Migrations of image {workload.v2} failed")
    assert (claim.running(), claim.uids()) == (pods, uids)
    assert claim.ask()["version"] == "v1"
    claim.update({"migrations": {"command": ["/bin/sh", "-c", "exit 0"]}})
    claim.wait_ready()
    assert claim.ask()["version"] == "v2"


def migrating(command: str) -> Manifest:
    return {"migrations": {"command": ["/bin/sh", "-c", command]}}


def running(claim: Claim) -> Manifest | None:
    """The claim's Job whose pod runs."""
    return next((job for job in jobs(claim) if job.get("status", {}).get("ready")), None)


@pytest.mark.operations
def test_two_releases_in_a_row_migrate_one_after_the_other(make_claims: MakeClaims, workload: Workload, queue: Queue) -> None:
    (claim,) = make_claims(["hurried"], spec(workload.v1, queue, migrations=ONCE, terminationGracePeriodSeconds=GRACE_SECONDS))
    claim.wait_ready()
    pods = claim.running()
    claim.update(migrating(f"sleep {SLOW_SECONDS}"))
    slow = claim.wait_for("migrates", lambda: running(claim))
    claim.update({"image": workload.v2, **migrating("exit 0")})
    message = claim.wait_condition("WorkloadReady", "False", containing=WAITS)
    assert f"Job {slow['metadata']['name']}," in message
    assert [job["metadata"]["uid"] for job in jobs(claim)] == [slow["metadata"]["uid"]]
    assert claim.running() == pods
    claim.wait_ready()
    claim.wait_for("has the new release's migration alone", lambda: images_migrated(claim) == [workload.v2] and len(jobs(claim)) == 1)
    started, next_one = slow["status"]["startTime"], jobs(claim)[0]["metadata"]["creationTimestamp"]
    assert datetime.fromisoformat(next_one) - datetime.fromisoformat(started) >= timedelta(seconds=SLOW_SECONDS)
    assert claim.ask()["version"] == "v2"


@pytest.mark.core
def test_a_migration_that_cannot_start_does_not_hold_up_the_next(make_claims: MakeClaims, workload: Workload, queue: Queue) -> None:
    (claim,) = make_claims(["misspelt"], spec(f"{workload.v1}-does-not-exist", queue, migrations=ONCE))
    claim.wait_for("has a pod to migrate", lambda: [job for job in jobs(claim) if job.get("status", {}).get("active")])
    message = claim.wait_condition("WorkloadReady", "False", containing=clue(claim, CANNOT_PULL[0]))
    claim.wait_for("has the explanation where its message leads", lambda: any(said in followed(message) for said in CANNOT_PULL))
    claim.update({"image": workload.v2})
    claim.wait_ready()
    assert claim.ask()["version"] == "v2"


def never_ending(
    name: str, make_claims: MakeClaims, workload: Workload, queue: Queue, grace_seconds: int = GRACE_SECONDS
) -> tuple[Claim, str]:
    """A claim whose migration runs and never ends, and the name of its Job."""
    once: Manifest = {**ONCE, **migrating("sleep 3600")["migrations"]}
    (claim,) = make_claims([name], spec(workload.v1, queue, migrations=once, terminationGracePeriodSeconds=grace_seconds))
    return claim, claim.wait_for("migrates", lambda: running(claim))["metadata"]["name"]


@pytest.mark.core
@pytest.mark.operations
def test_a_migration_that_hangs_is_stopped_with_the_command_in_the_message(
    make_claims: MakeClaims, workload: Workload, queue: Queue
) -> None:
    claim, _ = never_ending("hanging", make_claims, workload, queue)
    claim.update({"image": workload.v2, **migrating("exit 0")})
    message = claim.wait_condition("WorkloadReady", "False", containing=WAITS)
    kubectl(*shlex.split(message.partition("stop it with: kubectl ")[2]))
    claim.wait_ready()
    assert claim.ask()["version"] == "v2"


@pytest.mark.operations
def test_a_migration_that_is_moved_away_begins_again_when_its_pod_has_ended(
    make_claims: MakeClaims, workload: Workload, queue: Queue
) -> None:
    claim, job = never_ending("moved", make_claims, workload, queue, LONG_GRACE_SECONDS)

    def pods() -> set[str]:
        """The pods that have not ended."""
        found = claim.namespace.find("pods", f"job-name={job}")
        return {pod["metadata"]["name"] for pod in found if pod["status"]["phase"] in ("Pending", "Running")}

    (moved,) = pods()
    claim.namespace.delete("pod", moved)
    claim.namespace.holds("One pod migrates at most", lambda: len(pods()) <= 1, seconds=LONG_GRACE_SECONDS)
    claim.wait_for("migrates anew", lambda: pods() - {moved})


@pytest.mark.operations
def test_pods_are_scaled_on_the_queue_they_read_while_a_claim_that_moves_to_another_migrates(
    make_claims: MakeClaims, workload: Workload, queue: Queue, make_queue: MakeQueue
) -> None:
    (claim,) = make_claims(["rerouted"], spec(workload.v1, queue, migrations=ONCE))
    claim.wait_ready()
    (pod,) = claim.running()
    moved = make_queue()
    claim.update({"natsStreamName": moved.stream, **migrating(f"until [ -e {TOLD} ]; do sleep 1; done")})
    job = claim.wait_for("migrates", lambda: running(claim))["metadata"]["name"]
    moved.publish(MESSAGES, milliseconds=500)
    claim.namespace.holds("Nothing of the next queue counts", lambda: claim.running() == [pod], seconds=2 * HPA_SECONDS)
    queue.publish(MESSAGES, milliseconds=500)
    claim.wait_for("is scaled out for the queue that its pods read", lambda: len(claim.running()) == MAX_REPLICAS)
    claim.wait_for("has consumed that queue", lambda: queue.lag() == 0)
    assert running(claim)
    assert moved.lag() == MESSAGES
    kubectl("-n", claim.namespace.name, "exec", f"job/{job}", "--", "touch", TOLD)
    claim.wait_for("consumes the next queue", lambda: moved.lag() == 0)
    claim.wait_ready()

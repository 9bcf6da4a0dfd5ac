"""Migrations that run once per release (`spec.migrations.mode: job`), before the release's pods."""

import pytest

from tests.e2e.claims import Claim, spec
from tests.e2e.cluster import Manifest, is_true
from tests.e2e.images import Workload
from tests.e2e.making import MakeClaims
from tests.e2e.streams import Queue

ONCE: Manifest = {"mode": "job"}
SCALING: Manifest = {"minReplicas": 2}


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

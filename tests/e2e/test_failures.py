"""What is wrong is said on the claim with what to do about it, and what runs goes on."""

from typing import Final

import pytest

from tests.e2e.claims import secret, secrets, spec
from tests.e2e.cluster import Manifest, find, kubectl, wait_for
from tests.e2e.explained import clue, followed
from tests.e2e.images import Workload
from tests.e2e.making import MakeClaims, ReadyClaim
from tests.e2e.preconditions import FUNCTION
from tests.e2e.settings import Settings
from tests.e2e.streams import Queue

ABSENT: Final = "absent-connection"
FUNCTION_PODS: Final = f"pkg.crossplane.io/function={FUNCTION}"


@pytest.mark.core
def test_an_update_to_a_broken_image_is_said_and_the_old_pods_go_on(ready_claim: ReadyClaim, workload: Workload) -> None:
    claim = ready_claim("broken")
    pods, uids = claim.running(), claim.uids()
    broken = f"{workload.v1}-does-not-exist"
    claim.update({"image": broken})
    message = claim.wait_condition("WorkloadReady", "False", containing=clue(claim, broken))
    claim.wait_condition("Ready", "False")
    claim.wait_for("has the explanation where its message leads", lambda: broken in followed(message))
    assert claim.running() == pods
    assert claim.ask() == {**claim.ask(), "version": "v1", "hostname": pods[0]}
    assert claim.status()["image"] == workload.v1
    claim.update({"image": workload.v1})
    claim.wait_ready()
    assert (claim.running(), claim.uids()) == (pods, uids)


@pytest.mark.core
def test_a_missing_secret_is_explained_and_its_creation_is_enough(make_claims: MakeClaims, workload: Workload, queue: Queue) -> None:
    (claim,) = make_claims(["secretless"], spec(workload.v1, queue, postgresConnectionSecret=ABSENT))
    explanation = f'secret "{ABSENT}" not found'
    message = claim.wait_condition("WorkloadReady", "False", containing=clue(claim, explanation))
    claim.wait_for("has the explanation where its message leads", lambda: explanation in followed(message))
    claim.namespace.apply(secret(ABSENT, secrets()[0]["stringData"]))
    claim.wait_ready()


@pytest.mark.core
def test_an_impossible_update_is_said_and_changes_nothing(ready_claim: ReadyClaim) -> None:
    claim = ready_claim("impossible")
    pods, uids = claim.running(), claim.uids()
    claim.update({"resources": {"requests": {"memory": "64Gi"}}})
    message = claim.wait_condition("SpecValid", "False")
    assert message.startswith("spec.resources.requests.memory: 64Gi ")
    assert (claim.running(), claim.uids()) == (pods, uids)
    claim.update({"resources": {"requests": {"memory": "64Mi"}}})
    claim.wait_ready()
    assert (claim.running(), claim.uids()) == (pods, uids)


def test_killing_the_function_in_the_middle_loses_nothing(
    ready_claim: ReadyClaim,
    make_claims: MakeClaims,
    workload: Workload,
    queue: Queue,
    environment: Settings,
) -> None:
    old = ready_claim("survivor")
    uids = old.uids()
    new = make_claims([f"newcomer-{number}" for number in range(3)], spec(workload.v1, queue))
    old.update({"image": workload.v2})
    victims = [pod["metadata"]["name"] for pod in find("pods", environment.crossplane_namespace, FUNCTION_PODS)]
    assert victims
    kubectl("-n", environment.crossplane_namespace, "delete", "pod", *victims, "--force", "--grace-period=0")
    for claim in [*new, old]:
        claim.wait_ready(timeout_seconds=300)
    assert old.uids() == uids
    wait_for("The function runs again", lambda: len(_running(environment)) == len(victims))


def _running(environment: Settings) -> list[Manifest]:
    pods = find("pods", environment.crossplane_namespace, FUNCTION_PODS)
    return [pod for pod in pods if pod["status"]["phase"] == "Running" and not pod["metadata"].get("deletionTimestamp")]

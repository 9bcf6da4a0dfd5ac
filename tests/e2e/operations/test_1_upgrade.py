"""The function is upgraded, downgraded, flips between two versions and loses pods, and no claim's object or pod notices."""

from typing import Final

import pytest

from tests.e2e.apis import AGENT_EXECUTOR
from tests.e2e.claims import Claim
from tests.e2e.cluster import kubectl, wait_for
from tests.e2e.figures import Figures
from tests.e2e.operations.conftest import OwnClaims
from tests.e2e.operations.platform import Platform
from tests.e2e.operations.state import unchanged

pytestmark = pytest.mark.operations

FLIPS: Final = 6


@pytest.fixture(scope="module")
def bounds() -> dict[str, int]:
    """Each claim's `maxReplicas`, raised by every edit."""
    return {}


def converges(claim: Claim, bounds: dict[str, int]) -> None:
    """An edit of the claim arrives at its scaler, whatever the function goes through."""
    bounds[claim.name] = wanted = bounds.get(claim.name, 10) + 1
    claim.update({"scaling": {"maxReplicas": wanted}})
    claim.wait_for("has its edit composed", lambda: claim.composed("scaledobject")["spec"]["maxReplicaCount"] == wanted)


def test_an_upgrade_and_a_downgrade_change_no_object_and_restart_no_pod(
    platform: Platform, own_claims: OwnClaims, figures: Figures
) -> None:
    claims = own_claims([f"upgraded-{number}" for number in range(3)])
    before = unchanged(claims)
    for what, version in (("upgrade", "v2"), ("downgrade", "v1")):
        with figures.time(f"{what} of the function on a living cluster"):
            platform.function.install(platform.package[version])
        wait_for(f"The pods of {version} answer", lambda: platform.function.answered(AGENT_EXECUTOR) >= len(claims))
        assert unchanged(claims) == before
        assert all(claim.is_ready() for claim in claims)


def test_versions_that_answer_in_turn_agree(platform: Platform, own_claims: OwnClaims) -> None:
    (claim,) = own_claims(["in-turn"])
    before = unchanged([claim])
    for number in range(FLIPS):
        version = ("v2", "v1")[number % 2]
        platform.function.install(platform.package[version])
        wait_for(f"The pods of {version} answer", lambda: platform.function.answered(AGENT_EXECUTOR) > 0)
        assert unchanged([claim]) == before, f"after flip {number + 1}"


def test_claims_converge_while_either_replica_is_lost(platform: Platform, own_claims: OwnClaims, bounds: dict[str, int]) -> None:
    (claim,) = own_claims(["two-replicas"])
    for pod in platform.function.pods():
        victim = pod["metadata"]["name"]
        kubectl("-n", platform.function.namespace, "delete", "pod", victim, "--force", "--grace-period=0")
        converges(claim, bounds)
        wait_for("Two pods of the function run", lambda: len(platform.function.pods()) == 2)
    assert claim.is_ready()


def test_a_switch_of_mode_under_a_living_claim_is_refused_and_told(platform: Platform, own_claims: OwnClaims) -> None:
    (claim,) = own_claims(["switched"])
    before = unchanged([claim])
    mode = platform.composition()["spec"]["pipeline"][0]["input"]["mode"]
    platform.compose(mode={"direct": "objects", "objects": "direct"}[mode])
    claim.wait_condition("SpecValid", "False", containing="a switch would delete the running workload")
    assert unchanged([claim]) == before
    platform.compose()
    claim.wait_ready()
    assert unchanged([claim]) == before

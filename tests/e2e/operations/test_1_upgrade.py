"""The function is upgraded, downgraded, changes with each answer and loses pods, and no claim's object or pod notices.

What it is upgraded from is the function of an earlier commit (`E2E_EARLIER`), whose objects are the same ones.
"""

import secrets as random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import pytest

from tests.e2e.apis import AGENT_TYPE, APIS
from tests.e2e.claims import Claim
from tests.e2e.cluster import apply, get, kubectl, wait_for
from tests.e2e.figures import Figures
from tests.e2e.images import Workload
from tests.e2e.namespace import Namespace
from tests.e2e.operations.conftest import OwnClaims
from tests.e2e.operations.packages import earlier_package
from tests.e2e.operations.platform import Function, Platform, own_function
from tests.e2e.operations.state import revision, scales_to, unchanged, wait_answered
from tests.e2e.settings import Settings

pytestmark = pytest.mark.operations

FLIPS: Final = 6


@pytest.fixture(scope="module")
def earlier(environment: Settings) -> str:
    """A package of the function as it was at an earlier commit."""
    return earlier_package(environment, "function-agents-tests", f"v0-{random.token_hex(3)}")


@pytest.fixture
def earlier_function(environment: Settings, platform: Platform, agents: Platform, earlier: str) -> Iterator[Function]:
    """That, beside the version that serves."""
    function = own_function(environment, f"{platform.name}-earlier")
    function.install(earlier)
    yield function
    platform.compose()
    agents.compose()
    function.delete()


@pytest.fixture
def priority(platform: Platform) -> Iterator[str]:
    """A PriorityClass that the function's pods alone have, by which a quota can name them."""
    apply({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": platform.name}, "value": 0})
    platform.function.install(platform.package["v1"], priority=platform.name)
    yield platform.name
    platform.function.install(platform.package["v1"])
    kubectl("delete", "priorityclass", platform.name)


def test_an_upgrade_and_a_downgrade_change_no_object_and_restart_no_pod(
    platform: Platform, earlier: str, own_claims: OwnClaims, workload: Workload, figures: Figures
) -> None:
    platform.function.install(earlier)
    claims = [*own_claims([f"upgraded-{number}" for number in range(3)]), *own_claims(["upgraded-agent"], api=AGENT_TYPE)]
    before = unchanged(claims)
    for what, package in (("upgrade", platform.package["v1"]), ("downgrade", earlier)):
        with figures.time(f"{what} of the function on a living cluster"):
            platform.function.install(package)
        for claim in claims:
            wait_answered(claim)
        assert unchanged(claims) == before, f"after the {what}"
    asked, *others = claims
    asked.update({"image": workload.v2})
    asked.wait_ready()
    after = unchanged(claims)
    assert not after[asked.name]["pods"].keys() & before[asked.name]["pods"].keys()
    assert {claim.name: after[claim.name] for claim in others} == {claim.name: before[claim.name] for claim in others}


def test_versions_that_answer_in_turn_agree(
    platform: Platform, agents: Platform, earlier_function: Function, team: Namespace, own_claims: OwnClaims
) -> None:
    platform.function.install(platform.package["v1"])
    for api in APIS:  # answers are counted by kind, so there is one claim of each
        team.delete_all(api.resource)
    claims = [*own_claims(["in-turn"]), *own_claims(["agent-in-turn"], api=AGENT_TYPE)]
    before = unchanged(claims)
    for number in range(FLIPS):
        function = (earlier_function, platform.function)[number % 2]
        for claim, composed_by in zip(claims, (platform, agents), strict=True):
            earlier_answers = function.answered(claim.api)
            new = composed_by.compose(function=function.name)
            claim.wait_for(f"is composed by {function.name}", partial(_is_composed_by, claim, new, function, earlier_answers))
        assert unchanged(claims) == before, f"after flip {number + 1}"
    assert all(claim.is_ready() for claim in claims)


def _is_composed_by(claim: Claim, new: str, function: Function, earlier_answers: int) -> bool:
    """Whether the claim, the only one of its kind, has that revision, and an answer of that function since it was another's."""
    return revision(claim) == new and function.answered(claim.api) > earlier_answers


def test_claims_converge_on_either_replica_alone(platform: Platform, own_claims: OwnClaims, priority: str) -> None:
    (claim,) = own_claims(["two-replicas"])
    names = {pod["metadata"]["name"] for pod in platform.function.pods()}
    assert len(names) == 2
    for wanted, victim in enumerate(sorted(names), start=11):
        survivors = {pod["metadata"]["name"] for pod in platform.function.pods()} - {victim}
        with no_new_pods(platform.function, priority):
            kubectl("-n", platform.function.namespace, "delete", "pod", victim, "--force", "--grace-period=0")
            claim.update({"scaling": {"maxReplicas": wanted}})
            claim.wait_for("has its edit composed", partial(scales_to, claim, wanted))
            assert {pod["metadata"]["name"] for pod in platform.function.all_pods()} == survivors
            assert len(platform.function.pods()) == 1
        wait_for("Two pods of the function run", lambda: platform.function.serves(2))
    assert claim.is_ready()


@contextmanager
def no_new_pods(function: Function, priority: str) -> Iterator[None]:
    """A quota that lets no pod of that priority come while the block runs: a lost pod has no replacement."""
    name, namespace = function.name, function.namespace
    of_priority = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": [priority]}]}
    quota = {"hard": {"pods": "0"}, "scopeSelector": of_priority}
    apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name, "namespace": namespace}, "spec": quota})
    try:
        wait_for("The quota counts", lambda: ((get("resourcequota", name, namespace) or {}).get("status") or {}).get("hard"))
        yield
    finally:
        kubectl("-n", namespace, "delete", "resourcequota", name)


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

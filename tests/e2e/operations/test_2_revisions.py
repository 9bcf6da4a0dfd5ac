"""A new version of function and Composition reaches one claim first, then all: docs/operations.md, "Roll out in stages"."""

from collections.abc import Iterator
from functools import partial
from typing import Final

import pytest

from tests.e2e.apis import AGENT_EXECUTOR
from tests.e2e.claims import Claim
from tests.e2e.operations.conftest import OwnClaims
from tests.e2e.operations.platform import Function, Platform, own_function
from tests.e2e.operations.state import composite_of, revision, unchanged
from tests.e2e.settings import Settings

pytestmark = pytest.mark.operations

STAGED: Final = "staged"
"""A pull secret that the new Composition adds to every pod: a change that rolls what it reaches. It does not exist, and need not."""


@pytest.fixture
def next_function(platform: Platform, environment: Settings) -> Iterator[Function]:
    """The next version, beside the one that serves."""
    function = own_function(environment, f"{platform.name}-next")
    function.install(platform.package["v2"])
    yield function
    platform.compose()
    function.delete()


def is_staged(claim: Claim) -> bool:
    pod = claim.composed("deployment")["spec"]["template"]["spec"]
    return {"name": STAGED} in pod.get("imagePullSecrets", [])


def is_composed_by(claim: Claim, name: str) -> bool:
    """Whether the claim is ready, with pods of the new revision."""
    return revision(claim) == name and is_staged(claim) and claim.is_ready()


def test_a_canary_goes_first_then_all_and_back(platform: Platform, own_claims: OwnClaims, next_function: Function) -> None:
    canary, *others = claims = own_claims(["canary", "steady-1", "steady-2"])
    for claim in claims:
        claim.update({"compositionUpdatePolicy": "Manual"})
    old = revision(canary)
    before = unchanged(others)

    new = platform.compose(function=next_function.name, defaults={"imagePullSecrets": [STAGED]})
    assert new != old
    canary.update({"compositionUpdatePolicy": "Automatic"})
    canary.wait_for("is composed by the next version", partial(is_composed_by, canary, new))
    assert next_function.answered(AGENT_EXECUTOR) > 0
    assert [revision(claim) for claim in others] == [old, old]
    assert unchanged(others) == before

    canary.update({"compositionUpdatePolicy": "Manual"})
    canary.wait_for("is held", lambda: composite_of(canary)["spec"].get("compositionUpdatePolicy") == "Manual")
    canary.update({"compositionRevisionRef": {"name": old}})
    canary.wait_for("is back", lambda: revision(canary) == old and not is_staged(canary) and canary.is_ready())

    for claim in claims:
        claim.update({"compositionUpdatePolicy": "Automatic"})
    for claim in claims:
        claim.wait_for("is rolled out", partial(is_composed_by, claim, new))

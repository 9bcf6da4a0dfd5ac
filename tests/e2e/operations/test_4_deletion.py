"""Things are deleted in an order that nobody planned: nothing is orphaned, nothing hangs, and what runs goes on as far as it can.

docs/operations.md, "What is deleted by mistake", says what a person sees.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Final

import pytest

from tests.e2e.apis import AGENT_EXECUTOR, AGENT_TYPE, APIS, Api
from tests.e2e.claims import Claim, secrets
from tests.e2e.cluster import Manifest, condition, get, is_true, kubectl, wait_for, wrapped
from tests.e2e.figures import Figures
from tests.e2e.making import MakeNamespace
from tests.e2e.namespace import Namespace
from tests.e2e.operations.conftest import OwnClaims
from tests.e2e.operations.leaving import parts, wait_nothing_left
from tests.e2e.operations.platform import Platform
from tests.e2e.operations.state import composite_of, scales_to, unchanged
from tests.e2e.settings import Settings

pytestmark = pytest.mark.operations

MIGRATING: Final[Manifest] = {"migrations": {"mode": "job"}}
SCALING: Final[Manifest] = {"scaling": {"maxReplicas": 2}}
EDITS: Final[dict[str, Manifest]] = {
    AGENT_EXECUTOR.kind: {"scaling": {"maxReplicas": 7}},
    AGENT_TYPE.kind: {"scaling": {"replicas": 2}},
}
"""An edit of a claim that restarts no pod."""

KINDS: Final[dict[str, set[str]]] = {
    AGENT_EXECUTOR.kind: {"scaledobject.keda.sh", "job.batch"},
    AGENT_TYPE.kind: {"configmap", "networkpolicy.networking.k8s.io"},
}
"""What each API makes beside what both do."""

COMMON: Final = {"deployment.apps", "service", "serviceaccount", "horizontalpodautoscaler.autoscaling", "replicaset.apps", "pod"}


@pytest.fixture(params=APIS, ids=lambda api: api.kind)
def api(request: pytest.FixtureRequest) -> Api:
    found: Api = request.param
    return found


def whole(own_claims: OwnClaims, name: str, api: Api, settings: Settings, namespace: Namespace | None = None) -> Claim:
    """A ready claim that became an object of every kind that its API can make."""
    fenced: Manifest = {"network": {"policy": "restricted", "egress": [{"namespace": settings.nats_namespace}]}}
    (claim,) = own_claims([name], api=api, namespace=namespace, **(MIGRATING if api == AGENT_EXECUTOR else fenced))
    if api == AGENT_TYPE:  # only now: without metrics-server an autoscaler is never ready
        claim.update(SCALING)
    claim.wait_for("has an object of every kind", lambda: {part.partition("/")[0] for part in parts(claim)} >= COMMON | KINDS[api.kind])
    return claim


def goes(claim: Claim, figures: Figures, what: str) -> None:
    """The claim is deleted, and nothing is left of it."""
    composite = claim.composite()
    with figures.time(f"{claim.api.kind} deleted {what}, to nothing left"):
        claim.delete()
        wait_nothing_left(claim, composite)


def is_out_of_sync(claim: Claim) -> bool:
    """Crossplane tells what hinders it on the composite; the claim's own `Synced` says only that the composite is there."""
    return condition(composite_of(claim), "Synced").get("status") == "False"


def is_edited(claim: Claim) -> bool:
    """Whether the edit of `EDITS` has arrived."""
    if claim.api == AGENT_EXECUTOR:
        return scales_to(claim, 7)
    return claim.wanted() == 2


@contextmanager
def no_function(platform: Platform) -> Iterator[None]:
    """The function is gone while the block runs."""
    platform.function.delete()
    try:
        yield
    finally:
        platform.function.install(platform.package["v1"])


@contextmanager
def no_compositions(*platforms: Platform) -> Iterator[None]:
    """The Compositions are gone while the block runs."""
    for platform in platforms:
        platform.delete_composition()
    try:
        yield
    finally:
        for platform in platforms:
            platform.compose()


def test_a_deleted_composite_is_made_again_with_a_new_workload(api: Api, own_claims: OwnClaims) -> None:
    (claim,) = own_claims([f"composite-gone-{api.kind.lower()}"], api=api)
    composite, before = claim.composite(), claim.uids()
    kubectl("delete", api.composite, composite, "--wait=false")
    claim.wait_for("has a new workload", lambda: all(claim.uids().values()) and not set(claim.uids().values()) & set(before.values()))
    claim.wait_ready()
    assert claim.composite() == composite


def test_a_deleted_object_is_made_again(api: Api, own_claims: OwnClaims) -> None:
    (claim,) = own_claims([f"object-gone-{api.kind.lower()}"], api=api)
    before = claim.uids()
    for kind in api.composed:
        claim.namespace.delete(kind, claim.composed(kind)["metadata"]["name"])
    claim.wait_for("has them again", lambda: all(claim.uids().values()) and not set(claim.uids().values()) & set(before.values()))
    claim.wait_ready()


@pytest.mark.parametrize("first", ["claim", "composite"])
def test_a_claim_and_its_composite_deleted_together_leave_nothing(
    first: str, api: Api, own_claims: OwnClaims, environment: Settings
) -> None:
    claim = whole(own_claims, f"both-gone-{first}-{api.kind.lower()}", api, environment)
    composite = claim.composite()
    both = [f"{api.resource}/{claim.name}", f"{api.composite}/{composite}"]
    kubectl("-n", claim.namespace.name, "delete", *(both if first == "claim" else both[::-1]), "--wait=false")
    wait_nothing_left(claim, composite)


@pytest.mark.parametrize("has_function", [True, False], ids=["with its function", "without a function"])
def test_a_namespace_takes_its_claims_with_it(
    has_function: bool,
    platform: Platform,
    make_namespace: MakeNamespace,
    own_claims: OwnClaims,
    environment: Settings,
    figures: Figures,
) -> None:
    namespace = make_namespace()
    namespace.apply(*secrets())
    claims = [whole(own_claims, api.kind.lower(), api, environment, namespace) for api in APIS]
    made = [(claim.api.composite, claim.composite()) for claim in claims]
    with nullcontext() if has_function else no_function(platform):
        with figures.time(f"namespace with two claims deleted, with{'' if has_function else 'out'} a function, to nothing left"):
            kubectl("delete", "namespace", namespace.name, "--wait=false")
            wait_for("The namespace is gone", lambda: not get("namespace", namespace.name), timeout_seconds=240)
            wait_for("Its composites are gone", lambda: not any(get(*composite) for composite in made))
        wait_for("Their Objects are gone", lambda: not any(wrapped(name) for _, name in made))


def test_without_its_function_a_claim_runs_on_and_can_go(
    platform: Platform, own_claims: OwnClaims, environment: Settings, figures: Figures
) -> None:
    stay = [own_claims([f"stays-{api.kind.lower()}"], api=api)[0] for api in APIS]
    leave = [whole(own_claims, f"leaves-{api.kind.lower()}", api, environment) for api in APIS]
    before = unchanged(stay)
    with no_function(platform):
        for claim in stay:
            claim.update(EDITS[claim.api.kind])
        for claim in stay:
            claim.wait_for("is told as not synced on its composite", partial(is_out_of_sync, claim))
            for kind in set(claim.api.conditions) - {"Synced", "Ready"}:
                claim.wait_condition(kind, "Unknown")
            assert is_true(claim.get(), "Synced")
            assert is_true(claim.get(), "Ready")
        assert unchanged(stay) == before
        for claim in leave:
            goes(claim, figures, "without a function")
    for claim in stay:
        claim.wait_for("has its edit composed", partial(is_edited, claim))
        claim.wait_ready()
        assert unchanged([claim])[claim.name]["pods"].items() >= before[claim.name]["pods"].items()


def test_without_its_composition_a_claim_runs_on_and_can_go(
    platform: Platform, agents: Platform, own_claims: OwnClaims, environment: Settings, figures: Figures
) -> None:
    stay = [own_claims([f"remains-{api.kind.lower()}"], api=api)[0] for api in APIS]
    leave = [whole(own_claims, f"goes-{api.kind.lower()}", api, environment) for api in APIS]
    before = unchanged(stay)
    with no_compositions(platform, agents):
        for claim in stay:
            claim.wait_for("is told as not synced on its composite", partial(is_out_of_sync, claim))
            assert claim.is_ready(), "its conditions are those of the last answer"
        assert unchanged(stay) == before
        for claim in leave:
            goes(claim, figures, "without a Composition")
    for claim in stay:
        claim.wait_ready()
    assert unchanged(stay) == before


def test_without_composition_and_function_a_claim_can_go(
    platform: Platform, agents: Platform, own_claims: OwnClaims, environment: Settings, figures: Figures
) -> None:
    leave = [whole(own_claims, f"all-gone-{api.kind.lower()}", api, environment) for api in APIS]
    with no_compositions(platform, agents), no_function(platform):
        for claim in leave:
            goes(claim, figures, "without Composition and function")

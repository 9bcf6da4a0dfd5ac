"""Things are deleted in an order that nobody planned: nothing is orphaned, nothing hangs, and what runs goes on as far as it can.

docs/operations.md, "What is deleted by mistake", says what a person sees.
"""

import pytest

from tests.e2e.claims import Claim, secrets, spec
from tests.e2e.claims import manifest as claim_manifest
from tests.e2e.cluster import condition, get, is_true, kubectl, wait_for
from tests.e2e.figures import Figures
from tests.e2e.images import Workload
from tests.e2e.making import MakeNamespace
from tests.e2e.operations.conftest import OwnClaims
from tests.e2e.operations.platform import Platform
from tests.e2e.operations.state import unchanged
from tests.e2e.streams import Queue

pytestmark = pytest.mark.operations

COMPOSITES = "xagentexecutors.platform.bizmatters.io"


def is_out_of_sync(claim: Claim) -> bool:
    """Crossplane tells what hinders it on the composite; the claim's own `Synced` says only that the composite is there."""
    return condition(get(COMPOSITES, claim.composite()), "Synced").get("status") == "False"


def goes(claim: Claim, figures: Figures, what: str) -> None:
    """The claim is deleted, and nothing is left of it."""
    composite = claim.composite()
    with figures.time(f"claim deleted {what}, to nothing left"):
        claim.delete()
        claim.wait_for("is gone", lambda: not claim.get(), timeout_seconds=180)
        claim.wait_for("left no composite", lambda: not get(COMPOSITES, composite))
        claim.wait_for("left no object", lambda: not any(claim.uids().values()) and not claim.pods())


def test_a_deleted_composite_is_made_again_with_a_new_workload(own_claims: OwnClaims) -> None:
    (claim,) = own_claims(["composite-gone"])
    composite, before = claim.composite(), claim.uids()
    kubectl("delete", COMPOSITES, composite, "--wait=false")
    claim.wait_for("has a new workload", lambda: all(claim.uids().values()) and not set(claim.uids().values()) & set(before.values()))
    claim.wait_ready()
    assert claim.composite() == composite


def test_a_deleted_object_is_made_again(own_claims: OwnClaims) -> None:
    (claim,) = own_claims(["object-gone"])
    before = claim.uids()
    for kind in ("service", "deployment", "scaledobject", "serviceaccount"):
        claim.namespace.delete(kind, claim.composed(kind)["metadata"]["name"])
    claim.wait_for("has them again", lambda: all(claim.uids().values()) and not set(claim.uids().values()) & set(before.values()))
    claim.wait_ready()


def test_a_namespace_takes_its_claims_with_it(
    platform: Platform, make_namespace: MakeNamespace, workload: Workload, queue: Queue, figures: Figures
) -> None:
    namespace = make_namespace()
    namespace.apply(*secrets())
    claims = [Claim(namespace, name) for name in ("one", "two")]
    fields = spec(workload.v1, queue, compositionRef={"name": platform.name})
    namespace.apply(*(claim_manifest(claim.name, fields) for claim in claims))
    for claim in claims:
        claim.wait_ready()
    composites = [claim.composite() for claim in claims]
    with figures.time("namespace with two claims deleted, to nothing left"):
        kubectl("delete", "namespace", namespace.name, "--wait=false")
        wait_for("The namespace is gone", lambda: not get("namespace", namespace.name), timeout_seconds=240)
        wait_for("Its composites are gone", lambda: not any(get(COMPOSITES, name) for name in composites))


def test_without_its_function_a_claim_runs_on_and_can_go(platform: Platform, own_claims: OwnClaims, figures: Figures) -> None:
    stays, leaves = own_claims(["function-gone", "function-gone-too"])
    before = unchanged([stays])
    platform.function.delete()
    stays.update({"scaling": {"maxReplicas": 7}})
    stays.wait_for("is told as not synced on its composite", lambda: is_out_of_sync(stays))
    for kind in ("SpecValid", "WorkloadReady", "ScalerReady"):
        stays.wait_condition(kind, "Unknown")
    assert is_true(stays.get(), "Synced")
    assert is_true(stays.get(), "Ready")
    assert unchanged([stays]) == before
    goes(leaves, figures, "without a function")
    platform.function.install(platform.package["v1"])
    stays.wait_for("has its edit composed", lambda: stays.composed("scaledobject")["spec"]["maxReplicaCount"] == 7)
    stays.wait_ready()
    assert unchanged([stays])[stays.name]["pods"] == before[stays.name]["pods"]


def test_without_its_composition_a_claim_runs_on_and_can_go(platform: Platform, own_claims: OwnClaims, figures: Figures) -> None:
    stays, leaves = own_claims(["composition-gone", "composition-gone-too"])
    before = unchanged([stays])
    platform.delete_composition()
    stays.wait_for("is told as not synced on its composite", lambda: is_out_of_sync(stays))
    assert stays.is_ready(), "its conditions are those of the last answer"
    assert unchanged([stays]) == before
    goes(leaves, figures, "without a Composition")
    platform.compose()
    stays.wait_ready()
    assert unchanged([stays]) == before


def test_without_composition_and_function_a_claim_can_go(platform: Platform, own_claims: OwnClaims, figures: Figures) -> None:
    (leaves,) = own_claims(["everything-gone"])
    platform.delete_composition()
    platform.function.delete()
    goes(leaves, figures, "without Composition and function")
    platform.function.install(platform.package["v1"])
    platform.compose()

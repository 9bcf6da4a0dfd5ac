"""What provider-kubernetes needs is deleted before the claims: Objects hold on to what they made, and let go when it is back.

It runs where Crossplane v2 has provider-kubernetes beside it, with the platform's rights (README.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.cluster import Manifest, apply, condition, get, kubectl, wait_for, wrapped
from tests.e2e.operations.conftest import OwnClaims
from tests.e2e.operations.leaving import wait_nothing_left
from tests.e2e.operations.platform import Platform
from tests.e2e.operations.state import scales_to, unchanged

pytestmark = pytest.mark.operations

RIGHTS: Final = Path(__file__).parents[3] / "platform" / "04-apis" / "rbac" / "objects" / "clusterrolebinding.yaml"
BINDING: Final = "zerotouch-platform-workloads"
CONFIGS: Final = "providerconfigs.kubernetes.crossplane.io"
RETRY_SECONDS: Final = 240
"""The provider tries again with doubling pauses, of a minute at most."""


@pytest.fixture(scope="module", autouse=True)
def provider() -> None:
    """Skips where nothing is composed through provider-kubernetes."""
    if not get("clusterrolebinding", BINDING):
        pytest.skip(f"ClusterRoleBinding {BINDING}: does not exist, so provider-kubernetes composes nothing here")


@pytest.fixture(scope="module")
def objects(platform: Platform) -> Iterator[Platform]:
    """A Composition whose claims become Objects, with a ProviderConfig that no others use."""
    made = replace(platform, name=f"{platform.name}-objects")
    apply(provider_config(made.name))
    made.compose(mode="objects", providerConfigRef={"name": made.name})
    yield made
    made.delete_composition()
    kubectl("delete", CONFIGS, made.name, "--ignore-not-found", "--wait=false")


def provider_config(name: str) -> Manifest:
    spec = {"credentials": {"source": "InjectedIdentity"}}
    return {"apiVersion": "kubernetes.crossplane.io/v1alpha1", "kind": "ProviderConfig", "metadata": {"name": name}, "spec": spec}


@contextmanager
def no_rights() -> Iterator[None]:
    """The provider may touch no workload while the block runs."""
    kubectl("delete", "clusterrolebinding", BINDING)
    try:
        yield
    finally:
        kubectl("apply", "--server-side", "--force-conflicts", "-f", str(RIGHTS))


def is_held(composite: str) -> bool:
    """Whether all of the composite's Objects are about to go and cannot, and the provider says why."""
    held = wrapped(composite)
    forbidden = ["forbidden" in condition(found, "Synced").get("message", "") for found in held]
    return bool(held) and all(forbidden) and all(found["metadata"].get("deletionTimestamp") for found in held)


def test_without_the_providers_rights_a_deleted_claim_leaves_its_workload_until_they_are_back(
    objects: Platform, own_claims: OwnClaims
) -> None:
    (claim,) = own_claims(["rights-gone"], compositionRef={"name": objects.name})
    composite, before = claim.composite(), unchanged([claim])
    with no_rights():
        claim.delete()
        claim.wait_for("is gone", lambda: not claim.get() and not get(claim.api.composite, composite))
        claim.wait_for("left its Objects", lambda: is_held(composite))
        assert unchanged([claim]) == before
    claim.wait_for("left no Object", lambda: not wrapped(composite), timeout_seconds=RETRY_SECONDS)
    wait_nothing_left(claim, composite)


def test_a_deleted_provider_config_waits_for_the_last_object(objects: Platform, own_claims: OwnClaims) -> None:
    (claim,) = own_claims(["config-gone"], compositionRef={"name": objects.name})
    composite = claim.composite()
    kubectl("delete", CONFIGS, objects.name, "--wait=false")
    claim.update({"scaling": {"maxReplicas": 7}})
    claim.wait_for("has its edit composed", lambda: scales_to(claim, 7))
    claim.wait_ready()
    assert get(CONFIGS, objects.name)
    claim.delete()
    wait_nothing_left(claim, composite)
    wait_for("The ProviderConfig is gone", lambda: not get(CONFIGS, objects.name))
    apply(provider_config(objects.name))

"""No pod ends when the number of pods passes from the claim to the autoscaler, or back."""

from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.composites import agent, deployed, wrapped
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.ownership import CROSSPLANE, owners_of
from zerotouch_function.registry import compose
from zerotouch_function.release import release_of

ON_CPU: Final[Manifest] = {"minReplicas": 3, "maxReplicas": 10}
OURS: Final = f"{CROSSPLANE}6b9bfca9"
AUTOSCALER: Final = "kube-controller-manager"
VERSION: Final = "41"


def manifests(scaling: Manifest, observed: Snapshot = NOTHING, **settings: str) -> dict[str, Manifest]:
    composition = compose(agent({"scaling": scaling}), observed, settings)
    return {key: resource.manifest for key, resource in composition.resources.items()}


FIXED: Final = manifests({"replicas": 3})["deployment"]


def owned(replicas: int, *managers: str, made_of: Manifest = FIXED, version: str = VERSION) -> Manifest:
    """A Deployment as the API server has it, whose `spec.replicas` belongs to these."""
    manifest = deployed(made_of, replicas=replicas)
    template = {"manager": OURS, "operation": "Apply", "fieldsV1": {"f:spec": {"f:template": {}}}}
    status = {"manager": AUTOSCALER, "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {"f:replicas": {}}}}
    of_replicas = [{"manager": manager, "fieldsV1": {"f:spec": {"f:replicas": {}}}} for manager in managers]
    managed: list[Manifest] = [template, status, *of_replicas]
    return {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": version, "managedFields": managed}}


def sent(deployment: Manifest, scaling: Manifest = ON_CPU) -> tuple[int | None, str | None]:
    """The number of pods that the answer sends, and the version that it is bound to."""
    manifest = manifests(scaling, Snapshot({"deployment": deployment}))["deployment"]
    return manifest["spec"].get("replicas"), manifest["metadata"].get("resourceVersion")


def test_an_agent_that_begins_on_cpu_is_never_sent_a_number() -> None:
    first = manifests(ON_CPU)["deployment"]
    assert "replicas" not in first["spec"]
    assert sent(owned(1, made_of=first)) == (None, None)
    assert sent(owned(5, AUTOSCALER, made_of=first)) == (None, None)


@pytest.mark.parametrize(("fixed", "kept"), [(3, 3), (7, 7), (10, 10), (20, 10), (1, 3), (0, 3)])
def test_a_number_that_the_claim_had_fixed_is_kept_within_the_bounds(fixed: int, kept: int) -> None:
    assert sent(owned(fixed, OURS)) == (kept, VERSION)


def test_beside_the_number_all_is_as_composed() -> None:
    first = manifests(ON_CPU)["deployment"]
    kept = manifests(ON_CPU, Snapshot({"deployment": owned(7, OURS)}))["deployment"]
    bound = {**first["metadata"], "resourceVersion": VERSION}
    assert kept == {**first, "metadata": bound, "spec": {**first["spec"], "replicas": 7}}


def test_the_bounds_are_those_of_the_present_claim() -> None:
    assert sent(owned(1, OURS), {"maxReplicas": 4}) == (1, VERSION)
    assert sent(owned(3, OURS), {"minReplicas": 4, "maxReplicas": 4}) == (4, VERSION)


@pytest.mark.parametrize("managers", [(AUTOSCALER,), (OURS, AUTOSCALER), ("kubectl",), (OURS, "kubectl-edit")])
def test_a_number_that_somebody_else_owns_is_left_to_them(managers: tuple[str, ...]) -> None:
    assert sent(owned(7, *managers)) == (None, None)
    assert sent(owned(70, *managers)) == (None, None)


def test_a_claim_that_fixes_the_number_again_sends_it_whoever_owns_it() -> None:
    made = manifests(ON_CPU)
    deployment = owned(7, AUTOSCALER, made_of=made["deployment"])
    back = manifests({"replicas": 2}, Snapshot({**made, "deployment": deployment}))
    assert (back["deployment"]["spec"]["replicas"], "autoscaler" in back) == (2, False)
    assert "resourceVersion" not in back["deployment"]["metadata"]


def test_the_mark_of_a_spec_is_the_same_for_every_number_of_pods_that_is_kept() -> None:
    states = [NOTHING, *(Snapshot({"deployment": owned(*state)}) for state in ((3, OURS), (7, OURS), (7, AUTOSCALER)))]
    assert len({release_of(manifests(ON_CPU, observed)["deployment"]) for observed in states}) == 1


@pytest.mark.parametrize("manager", [OURS, AUTOSCALER])
def test_a_deployment_whose_number_is_kept_is_rolled_out(manager: str) -> None:
    observed = Snapshot({"deployment": owned(7, manager, made_of=manifests(ON_CPU)["deployment"])})
    composition = compose(agent({"scaling": ON_CPU}), observed, {})
    assert composition.resources["deployment"].is_ready
    assert composition.conditions[1].reason == "RolledOut"


def test_in_an_object_no_number_is_kept() -> None:
    objects = manifests({"replicas": 7}, mode="objects")
    inner = owned(7, OURS, made_of=objects["deployment"]["spec"]["forProvider"]["manifest"])
    observed = Snapshot({**objects, "deployment": wrapped(objects["deployment"], inner)})
    manifest = manifests(ON_CPU, observed, mode="objects")["deployment"]["spec"]["forProvider"]["manifest"]
    assert ("replicas" in manifest["spec"], "resourceVersion" in manifest["metadata"]) == (False, False)


def test_a_default_belongs_to_nobody() -> None:
    deployment = owned(1)
    assert owners_of(deployment, "spec", "replicas") == []
    assert owners_of(deployment, "spec", "template") == [OURS]
    assert owners_of(deployment, "status", "replicas") == [AUTOSCALER]
    assert owners_of({}, "spec", "replicas") == []


@dataclass
class ApiServer:
    """What server-side apply makes of `spec.replicas`: as Kubernetes 1.36 was seen to do it."""

    replicas: int
    owners: set[str] = field(default_factory=lambda: {OURS})
    version: int = 1

    def seen(self) -> Manifest:
        return owned(self.replicas, *sorted(self.owners), version=str(self.version))

    def apply(self, manifest: Manifest) -> None:
        """By force, as Crossplane does; refused where the object is of another version than it says."""
        if manifest["metadata"].get("resourceVersion", str(self.version)) != str(self.version):
            return
        wanted = manifest["spec"].get("replicas")
        if wanted is not None:
            self._become(wanted, self.owners | {OURS} if wanted == self.replicas else {OURS})
        elif self.owners == {OURS}:
            self._become(1, set())
        else:
            self._become(self.replicas, self.owners - {OURS})

    def scale(self, replicas: int) -> None:
        """The autoscaler writes a number. One that is there already stays whose it is."""
        if replicas != self.replicas:
            self._become(replicas, {AUTOSCALER})

    def _become(self, replicas: int, owners: set[str]) -> None:
        self.version += (replicas, owners) != (self.replicas, self.owners)
        self.replicas, self.owners = replicas, owners


steps = st.lists(st.one_of(st.just("look"), st.just("apply"), st.integers(ON_CPU["minReplicas"], ON_CPU["maxReplicas"])), max_size=12)


@given(st.integers(0, 20), steps)
def test_no_answer_takes_a_pod_from_the_autoscaler_however_old_the_state_it_was_made_of(fixed: int, moments: list[str | int]) -> None:
    server = ApiServer(fixed)
    seen = server.seen()
    for moment in moments:
        if moment == "look":
            seen = server.seen()
        elif moment == "apply":
            before, owners = server.replicas, set(server.owners)
            server.apply(manifests(ON_CPU, Snapshot({"deployment": seen}))["deployment"])
            within = min(max(before, ON_CPU["minReplicas"]), ON_CPU["maxReplicas"])
            assert server.replicas in ((before,) if AUTOSCALER in owners else (before, within))
        elif isinstance(moment, int):
            server.scale(moment)

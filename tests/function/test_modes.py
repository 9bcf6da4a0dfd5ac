"""What mode `objects` adds, and that nothing switches mode by accident."""

import pytest

from tests.composites import composite, created, deployed, scaling, wrapped
from zerotouch_function.composition import Status
from zerotouch_function.errors import ModeError
from zerotouch_function.manifest import Manifest
from zerotouch_function.modes import wrap
from zerotouch_function.observed import Snapshot
from zerotouch_function.registry import compose, refuse

DIRECT: Manifest = {"mode": "direct"}
OBJECTS: Manifest = {"mode": "objects", "providerConfigRef": {"name": "remote"}}


def test_an_object_is_named_after_the_composite_and_uses_the_provider_config() -> None:
    for key, manifest in created(composite(), OBJECTS).items():
        assert (manifest["apiVersion"], manifest["kind"]) == ("kubernetes.crossplane.io/v1alpha2", "Object")
        assert manifest["metadata"]["name"] == f"my-service-x7k2p-{key}"
        assert manifest["spec"]["providerConfigRef"] == {"name": "remote"}


@pytest.mark.parametrize(("made", "asked"), [(DIRECT, OBJECTS), (OBJECTS, DIRECT)], ids=["direct to objects", "objects to direct"])
def test_a_switch_of_mode_under_living_objects_is_refused(made: Manifest, asked: Manifest) -> None:
    observed = Snapshot(created(composite(), made))
    with pytest.raises(ModeError, match=f'the Composition says "{asked["mode"]}".*made in mode "{made["mode"]}".*would delete') as refused:
        compose(composite(), observed, asked)
    conditions = refuse(composite(), observed, refused.value)
    assert [c.type for c in conditions] == ["SpecValid", "WorkloadReady", "ScalerReady"]
    assert (conditions[0].status, conditions[0].reason) == (Status.FALSE, "ModeSwitched")


@pytest.mark.parametrize("mode", [DIRECT, OBJECTS], ids=["direct", "objects"])
def test_an_object_of_another_pipeline_step_says_nothing_about_the_mode(mode: Manifest) -> None:
    config: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "labels": {}}}
    foreign = {"aaa-plain": config, "aab-wrapped": wrap(config, "aab-wrapped", "other", "remote")}
    for foreign_key, manifest in foreign.items():
        for ours in ({}, created(composite(), mode)):
            conditions = compose(composite(), Snapshot({foreign_key: manifest, **ours}), mode).conditions
            assert conditions[0].status is Status.TRUE


def test_a_refused_spec_still_tells_how_fares_what_runs() -> None:
    objects = created(composite(), OBJECTS)
    inner = deployed(objects["deployment"]["spec"]["forProvider"]["manifest"])
    observed = Snapshot({"deployment": wrapped(objects["deployment"], inner)})
    with pytest.raises(Exception, match=r"spec\.size") as refused:
        compose(composite({"size": "huge"}), observed, OBJECTS)
    spec_valid, workload, _ = refuse(composite({"size": "huge"}), observed, refused.value)  # type: ignore[arg-type]  # a FunctionError
    assert spec_valid.message == 'spec.size: is "huge"; write "small", "medium" or "large"'
    assert (workload.status, workload.reason) == (Status.TRUE, "RolledOut")


@pytest.mark.parametrize(("spec", "reason"), [({}, "Scaling"), ({"natsStreamName": "ANOTHER"}, "Updating")])
def test_a_scaler_in_an_object_is_of_the_spec_that_the_object_inside_was_made_of(spec: Manifest, reason: str) -> None:
    made = created(composite(), OBJECTS)["scaled-object"]
    observed = Snapshot({"scaled-object": wrapped(made, scaling(made["spec"]["forProvider"]["manifest"]))})
    assert compose(composite(spec), observed, OBJECTS).conditions[2].reason == reason


def test_an_object_that_cannot_be_written_says_why() -> None:
    deployment = created(composite(), OBJECTS)["deployment"]
    refused = {**deployment, "status": {"conditions": [{"type": "Synced", "status": "False", "message": "deployments is forbidden."}]}}
    _, told, _ = compose(composite(), Snapshot({"deployment": refused}), OBJECTS).conditions
    assert (told.reason, told.message) == ("CannotWrite", "Deployment my-service cannot be written: deployments is forbidden")


def test_a_migration_that_cannot_be_written_says_why() -> None:
    xr = composite({"migrations": {"mode": "job"}})
    ((key, job),) = ((key, r.manifest) for key, r in compose(xr, Snapshot(), OBJECTS).resources.items() if key.startswith("migration-"))
    refused = {**job, "status": {"conditions": [{"type": "Synced", "status": "False", "message": "jobs.batch is forbidden."}]}}
    _, told, _ = compose(xr, Snapshot({key: refused}), OBJECTS).conditions
    name = job["spec"]["forProvider"]["manifest"]["metadata"]["name"]
    assert (told.reason, told.message) == ("CannotWrite", f"Job {name} cannot be written: jobs.batch is forbidden")

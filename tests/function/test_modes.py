"""What mode `objects` adds, and that nothing switches mode by accident."""

import pytest

from tests.composites import agent, composite, created, deployed, scaling, wrapped
from tests.fuzz.requests import message
from tests.refused_agents import MODEL, PROVIDER
from zerotouch_function.composition import Status
from zerotouch_function.errors import ModeError
from zerotouch_function.manifest import Manifest
from zerotouch_function.modes import wrap
from zerotouch_function.observed import Snapshot
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.request import RequestState
from zerotouch_function.registry import compose, refuse

AGENT: Manifest = {"llm": {"providers": [PROVIDER], "models": [MODEL]}, "scaling": {"maxReplicas": 3}}
DIRECT: Manifest = {"mode": "direct"}
OBJECTS: Manifest = {"mode": "objects", "providerConfigRef": {"name": "remote"}}


def test_an_object_is_named_after_the_composite_and_uses_the_provider_config() -> None:
    for key, manifest in created(composite(), OBJECTS).items():
        assert (manifest["apiVersion"], manifest["kind"]) == ("kubernetes.crossplane.io/v1alpha2", "Object")
        assert manifest["metadata"]["name"] == f"my-service-x7k2p-{key}"
        assert manifest["spec"]["providerConfigRef"] == {"name": "remote"}


def test_objects_of_a_long_name_keep_names_of_their_own() -> None:
    names = {manifest["metadata"]["name"] for manifest in created(composite(name="a" * 47), OBJECTS).values()}
    assert (len(names), max(map(len, names))) == (4, 63)


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


@pytest.mark.parametrize(("xr", "opened"), [(composite(), {"deployment", "scaled-object"}), (agent(), {"deployment"})])
def test_the_mode_is_told_by_an_object_that_is_opened_anyway(xr: Manifest, opened: set[str]) -> None:
    state = RequestState(wire.parse(message(xr, observed=created(xr))))
    compose(state.composite(), state, {})
    assert state.trace.parts.keys() == opened


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


def cannot_be_written(made: Manifest) -> Manifest:
    """An Object whose edit the API server refuses; what it once wrote is there."""
    status = {**wrapped(made)["status"], "conditions": [{"type": "Synced", "status": "False", "message": "it is forbidden."}]}
    return {**made, "status": status}


@pytest.mark.parametrize(
    ("xr", "key", "kind", "written"),
    [
        (composite(), "deployment", "WorkloadReady", "Deployment my-service"),
        (composite(), "scaled-object", "ScalerReady", "ScaledObject my-service-scaler"),
        (agent(AGENT), "deployment", "WorkloadReady", "Deployment my-agent"),
        (agent(AGENT), "sidecar-config", "ModelsConfigured", "ConfigMap my-agent-sidecar"),
        (agent(AGENT), "autoscaler", "ScalerReady", "HorizontalPodAutoscaler my-agent"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_object_that_cannot_be_written_says_why(xr: Manifest, key: str, kind: str, written: str) -> None:
    refused = cannot_be_written(created(xr, OBJECTS)[key])
    (told,) = (c for c in compose(xr, Snapshot({key: refused}), OBJECTS).conditions if c.type == kind)
    assert (told.status, told.reason, told.message) == (Status.FALSE, "CannotWrite", f"{written} cannot be written: it is forbidden")


@pytest.mark.parametrize(
    ("xr", "key", "name"),
    [
        (composite(), "service-account", "ServiceAccount my-service"),
        (composite({"migrations": {"mode": "job"}}), "service", "Service my-service"),
        (agent(), "service-account", "ServiceAccount my-agent"),
        (agent(), "sidecar-config", "ConfigMap my-agent-sidecar"),
        (agent(), "service", "Service my-agent"),
        (agent({"network": {"policy": "restricted"}}), "network-policy", "NetworkPolicy my-agent"),
    ],
)
def test_an_object_without_a_condition_of_its_own_that_cannot_be_written_keeps_the_workload_from_being_ready(
    xr: Manifest, key: str, name: str
) -> None:
    made = created(xr, OBJECTS)
    observed = {each: wrapped(manifest) for each, manifest in made.items()}
    answer = compose(xr, Snapshot({**observed, key: cannot_be_written(made[key])}), OBJECTS)
    told = answer.conditions[1]
    assert (told.type, told.reason, told.message) == ("WorkloadReady", "CannotWrite", f"{name} cannot be written: it is forbidden")
    assert not answer.resources[key].is_ready
    assert compose(xr, Snapshot(observed), OBJECTS).resources[key].is_ready


def test_a_deployment_that_cannot_be_written_is_told_before_all_else() -> None:
    made = created(agent(), OBJECTS)
    observed = Snapshot({key: cannot_be_written(manifest) for key, manifest in made.items()})
    assert compose(agent(), observed, OBJECTS).conditions[1].message == "Deployment my-agent cannot be written: it is forbidden"


def test_an_object_that_is_no_longer_wanted_is_not_told() -> None:
    fenced = created(agent({"network": {"policy": "restricted"}}), OBJECTS)
    observed = Snapshot({"network-policy": cannot_be_written(fenced["network-policy"])})
    assert compose(agent(), observed, OBJECTS).conditions[1].reason == "Creating"


def test_a_migration_that_cannot_be_written_says_why() -> None:
    xr = composite({"migrations": {"mode": "job"}})
    ((key, job),) = ((key, r.manifest) for key, r in compose(xr, Snapshot(), OBJECTS).resources.items() if key.startswith("migration-"))
    refused = {**job, "status": {"conditions": [{"type": "Synced", "status": "False", "message": "jobs.batch is forbidden."}]}}
    _, told, _ = compose(xr, Snapshot({key: refused}), OBJECTS).conditions
    name = job["spec"]["forProvider"]["manifest"]["metadata"]["name"]
    assert (told.reason, told.message) == ("CannotWrite", f"Job {name} cannot be written: jobs.batch is forbidden")

"""What holds for every AgentType."""

import json
from pathlib import Path
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent_strategies import agent_specs
from tests.composites import agent, created, wrapped
from tests.strategies import claim_names, namespaces
from zerotouch.schema.manifests import check_manifest
from zerotouch_function.manifest import MAX_NAME_LENGTH, Manifest
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.registry import compose
from zerotouch_sidecar.config.load import parse

DIRECT: Final[Manifest] = {"mode": "direct"}
OBJECTS: Final[Manifest] = {"mode": "objects"}
MODES: Final = st.sampled_from([DIRECT, OBJECTS])
FEWER: Final = settings(max_examples=40)
"""A whole spec is slow to draw."""

LARGEST_CONFIG_MAP_BYTES: Final = 1024 * 1024


def containers(made: dict[str, Manifest]) -> dict[str, Manifest]:
    pod = made["deployment"]["spec"]["template"]["spec"]
    return {container["name"]: container for container in (*pod["initContainers"], *pod["containers"])}


@FEWER
@given(agent_specs, MODES)
def test_the_same_claim_gives_the_same_answer(spec: Manifest, mode: Manifest) -> None:
    assert compose(agent(spec), NOTHING, mode) == compose(agent(spec), NOTHING, mode)


@FEWER
@given(agent_specs)
def test_what_was_composed_is_composed_again(spec: Manifest) -> None:
    first = created(agent(spec))
    assert {key: r.manifest for key, r in compose(agent(spec), Snapshot(first), DIRECT).resources.items()} == first


@FEWER
@given(agent_specs)
def test_both_modes_compose_the_same_objects_and_read_them_back(spec: Manifest) -> None:
    objects, plain = created(agent(spec), OBJECTS), created(agent(spec))
    assert {key: o["spec"]["forProvider"]["manifest"] for key, o in objects.items()} == plain
    read_back = compose(agent(spec), Snapshot({key: wrapped(o) for key, o in objects.items()}), OBJECTS)
    assert read_back.conditions == compose(agent(spec), Snapshot(plain), DIRECT).conditions


@FEWER
@given(agent_specs, MODES)
def test_every_object_passes_its_schema(spec: Manifest, mode: Manifest) -> None:
    assert [str(p) for manifest in created(agent(spec), mode).values() for p in check_manifest(manifest)] == []


@FEWER
@given(agent_specs, claim_names, namespaces)
def test_the_sidecar_takes_every_configuration(spec: Manifest, name: str, namespace: str) -> None:
    written = created(agent(spec, name=name, namespace=namespace))["sidecar-config"]["data"]["sidecar.json"].encode()
    read = parse(written)
    assert (read.agent.name, read.agent.namespace) == (name, namespace)
    assert [model.alias for model in read.llm.models] == [m["alias"] for m in spec.get("llm", {}).get("models", [])]
    assert len(written) < LARGEST_CONFIG_MAP_BYTES


@FEWER
@given(agent_specs)
def test_a_file_that_the_sidecar_is_told_of_is_mounted_in_it_and_only_there(spec: Manifest) -> None:
    made = created(agent(spec))
    document: Any = json.loads(made["sidecar-config"]["data"]["sidecar.json"])
    nats = document.get("nats", {})
    files = [p[key] for p in document["llm"]["providers"] for key in ("keyFile", "caFile")]
    files += [nats.get("credentialsFile", ""), nats.get("caFile", "")]
    folders = {name: {mount["mountPath"] for mount in c.get("volumeMounts", [])} for name, c in containers(made).items()}
    for file in filter(None, files):
        assert str(Path(file).parent) in folders["sidecar"]
        assert str(Path(file).parent) not in folders["agent"] | folders.get("wrapper", set())


@FEWER
@given(agent_specs)
def test_every_mount_has_its_volume_and_every_volume_its_mount(spec: Manifest) -> None:
    made = created(agent(spec))
    volumes = [volume["name"] for volume in made["deployment"]["spec"]["template"]["spec"]["volumes"]]
    mounted = {mount["name"] for container in containers(made).values() for mount in container.get("volumeMounts", [])}
    assert len(volumes) == len(set(volumes))
    assert set(volumes) == mounted


@FEWER
@given(agent_specs)
def test_no_variable_is_set_twice(spec: Manifest) -> None:
    for container in containers(created(agent(spec))).values():
        names = [variable["name"] for variable in container.get("env", [])]
        assert len(names) == len(set(names))


@FEWER
@given(agent_specs, agent_specs, claim_names)
def test_selectors_and_names_never_change(earlier: Manifest, later: Manifest, name: str) -> None:
    before, after = created(agent(earlier, name=name)), created(agent(later, name=name))
    for key in ("service-account", "sidecar-config", "deployment", "service"):
        assert before[key]["metadata"]["name"] == after[key]["metadata"]["name"]
    selectors = [made["deployment"]["spec"]["selector"]["matchLabels"] for made in (before, after)]
    assert selectors == [{"app": name}] * 2
    assert {"app": name}.items() <= after["deployment"]["spec"]["template"]["metadata"]["labels"].items()


@FEWER
@given(agent_specs, claim_names, MODES)
def test_every_name_fits(spec: Manifest, name: str, mode: Manifest) -> None:
    made = created(agent(spec, name=name), mode)
    assert all(len(m["metadata"]["name"]) <= MAX_NAME_LENGTH for m in made.values())
    if mode == DIRECT:
        assert all(len(v["name"]) <= MAX_NAME_LENGTH for v in made["deployment"]["spec"]["template"]["spec"]["volumes"])

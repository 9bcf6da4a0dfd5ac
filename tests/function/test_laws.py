"""What holds for every claim."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.composites import agent, composite, created, wrapped
from tests.strategies import claim_names, env_of, namespaces, specs
from zerotouch.schema.manifests import check_manifest
from zerotouch_function.fields.quantity import amount
from zerotouch_function.manifest import MAX_NAME_LENGTH, Manifest, part, parts
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.registry import compose

DIRECT: Manifest = {"mode": "direct"}
OBJECTS: Manifest = {"mode": "objects"}
MODES = st.sampled_from([DIRECT, OBJECTS])


def identity(manifest: Manifest) -> tuple[str, str, str]:
    return manifest["kind"], manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


@given(specs, MODES)
def test_the_same_claim_gives_the_same_answer(spec: Manifest, mode: Manifest) -> None:
    assert compose(composite(spec), NOTHING, mode) == compose(composite(spec), NOTHING, mode)


@given(specs)
def test_what_was_composed_is_composed_again(spec: Manifest) -> None:
    first = created(composite(spec))
    again = compose(composite(spec), Snapshot(first), DIRECT).resources
    assert {key: again[key].manifest for key in first} == first


@given(specs)
def test_both_modes_compose_the_same_objects(spec: Manifest) -> None:
    inside = {key: object_["spec"]["forProvider"]["manifest"] for key, object_ in created(composite(spec), OBJECTS).items()}
    assert inside == created(composite(spec), DIRECT)


@given(specs)
def test_an_object_is_read_back_as_what_it_wraps(spec: Manifest) -> None:
    objects = created(composite(spec), OBJECTS)
    conditions = compose(composite(spec), Snapshot({key: wrapped(o) for key, o in objects.items()}), OBJECTS).conditions
    plain = compose(composite(spec), Snapshot(created(composite(spec))), DIRECT).conditions
    assert conditions == plain


@given(specs, st.lists(st.tuples(namespaces, claim_names), min_size=2, max_size=2, unique=True), MODES)
def test_two_claims_never_share_an_object(spec: Manifest, claims: list[tuple[str, str]], mode: Manifest) -> None:
    first, second = (created(composite(spec, name=name, namespace=namespace), mode) for namespace, name in claims)
    if mode == OBJECTS:  # Objects are named after the composite, and this one's name is unique in the cluster
        first, second = ({k: o["spec"]["forProvider"]["manifest"] for k, o in m.items()} for m in (first, second))
    assert not {identity(m) for m in first.values()} & {identity(m) for m in second.values()}


@given(specs, specs, claim_names)
def test_selectors_and_names_never_change(earlier: Manifest, later: Manifest, name: str) -> None:
    before, after = created(composite(earlier, name=name)), created(composite(later, name=name))
    for key in ("service-account", "service", "scaled-object"):
        if key in before and key in after:  # the scaler waits for migrations
            assert identity(before[key]) == identity(after[key])
    assert before["service"]["spec"]["selector"] == after["service"]["spec"]["selector"] == {"app": name}


@given(specs.filter(lambda spec: spec.get("migrations", {}).get("mode") != "job"), claim_names)
def test_the_selector_selects_the_pods(spec: Manifest, name: str) -> None:
    deployment = created(composite(spec, name=name))["deployment"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert "replicas" not in deployment["spec"]


@given(env_of("agent-executor"), st.sampled_from(["init", "job"]))
def test_a_variable_reads_the_resources_of_a_container_of_its_pod(env: list[Manifest], mode: str) -> None:
    for manifest in created(composite({"env": env, "migrations": {"mode": mode}})).values():
        pod = part(manifest, "spec", "template", "spec")
        containers = [*parts(pod, "initContainers"), *parts(pod, "containers")]
        amounts = [part(variable, "valueFrom", "resourceFieldRef") for c in containers for variable in parts(c, "env")]
        read = {amount["containerName"] for amount in amounts if "containerName" in amount}
        assert read <= {container["name"] for container in containers}


@given(specs, claim_names, MODES)
def test_every_name_fits(spec: Manifest, name: str, mode: Manifest) -> None:
    assert all(len(m["metadata"]["name"]) <= MAX_NAME_LENGTH for m in created(composite(spec, name=name), mode).values())


@settings(max_examples=40)
@given(specs, MODES)
def test_every_object_passes_its_schema(spec: Manifest, mode: Manifest) -> None:
    assert [str(p) for manifest in created(composite(spec), mode).values() for p in check_manifest(manifest)] == []


def test_a_larger_size_has_more_of_everything() -> None:
    def amounts(size: str) -> list[Decimal]:
        container: Any = created(composite({"size": size}))["deployment"]["spec"]["template"]["spec"]["containers"][0]
        return [amount(quantity) for part in container["resources"].values() for quantity in part.values()]

    for smaller, larger in (("small", "medium"), ("medium", "large")):
        assert all(a < b for a, b in zip(amounts(smaller), amounts(larger), strict=True))


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("service", "Always"),
        ("localhost:5000/org/service", "Always"),
        ("ghcr.io/org/service:latest", "Always"),
        (f"ghcr.io/org/service:latest@sha256:{'0' * 64}", "Always"),
        (f"ghcr.io/org/service@sha256:{'0' * 64}", "IfNotPresent"),
        ("localhost:5000/org/service:v1", "IfNotPresent"),
    ],
)
def test_an_image_is_pulled_as_kubernetes_pulls_a_new_one_whatever_ran_before(image: str, policy: str) -> None:
    for xr in (composite({"image": image}), composite({"image": image, "migrations": {"mode": "job"}}), agent({"agent": {"image": image}})):
        made = created(xr)
        pods = [m["spec"]["template"]["spec"] for m in made.values() if m["kind"] in ("Deployment", "Job")]
        containers = [c for pod in pods for c in (*pod.get("initContainers", ()), *pod["containers"])]
        assert {c["imagePullPolicy"] for c in containers if c["image"] == image} == {policy}
        assert all("imagePullPolicy" in c for c in containers)

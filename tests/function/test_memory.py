"""An answer from memory is the answer that would have been composed."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from crossplane.function.proto.v1 import run_function_pb2 as v1
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent_strategies import agent_specs
from tests.composites import MINIMAL_AGENT, MINIMAL_SPEC, agent, composite, created, deployed, scaling, wrapped
from tests.strategies import specs
from zerotouch_function.diagnosis import PODS
from zerotouch_function.manifest import Manifest
from zerotouch_function.modes import wrap
from zerotouch_function.namesake import requirement
from zerotouch_function.ownership import CROSSPLANE
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.closing import encode, with_length
from zerotouch_function.protocol.memory import Memory, Remembered
from zerotouch_function.protocol.runner import Runner
from zerotouch_function.protocol.structs import fields_of
from zerotouch_function.protocol.trace import Trace
from zerotouch_function.registry import compose, refuse

PLAIN = Runner(compose, refuse)

deployments = st.builds(
    lambda replicas, available, reason, revision: {
        "replicas": replicas,
        "availableReplicas": available,
        "reason": reason,
        "revision": revision,
    },
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from(["NewReplicaSetAvailable", "ProgressDeadlineExceeded"]),
    st.integers(1, 2),
)
migrating = [{}, {"active": 1}, {"active": 1, "ready": 1}, {"conditions": [{"type": "Failed", "status": "True"}]}]
claims = st.one_of(
    st.tuples(st.just("executor"), specs),
    st.tuples(st.just("executor"), st.sampled_from([{"size": "small"}, {"size": "huge"}, {"migrations": {"mode": "job"}}])),
    st.tuples(st.just("agent"), agent_specs),
    st.tuples(st.just("agent"), st.sampled_from([{}, {"size": "large"}, {"scaling": {"maxReplicas": 5}}])),
)
STUCK: Final[Manifest] = {
    "metadata": {"name": "p", "namespace": "ns"},
    "spec": {"containers": [{"image": MINIMAL_SPEC["image"]}, {"image": MINIMAL_AGENT["agent"]["image"]}]},
    "status": {"conditions": [{"type": "PodScheduled", "reason": "Unschedulable", "message": "no node"}]},
}
"""A pod of a claim with the minimal spec of either kind, which finds no node."""

FIELDS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "claim": claims,
    "name": st.sampled_from(["one", "two"]),
    "labels": st.sampled_from([{}, {"team": "a"}, {"team": "b"}]),
    "status": st.sampled_from([{}, {"image": "old:1"}, {"conditions": [{"type": "Ready"}]}]),
    "mode": st.sampled_from(["direct", "objects"]),
    "made_in": st.sampled_from(["direct", "objects"]),
    "diagnostics": st.booleans(),
    "defaults": st.sampled_from([{}, {"clusterDomain": "here.local"}, {"imagePullSecrets": ["registry"]}]),
    "images": st.sampled_from([{}, {"sidecar": "mirror/sidecar:1"}, {"sidecar": "mirror/sidecar:2"}]),
    "deployment": st.none() | deployments,
    "scaler": st.sampled_from([None, "True", "False"]),
    "service": st.booleans(),
    "migrating": st.none() | st.sampled_from(migrating),
    "extra": st.booleans(),
    "pods": st.sampled_from([None, [], [STUCK]]),
    "namesakes": st.sampled_from([None, [], ["2020-01-01T00:00:00Z"], ["2030-01-01T00:00:00Z"]]),
    "capable": st.booleans(),
    "context": st.sampled_from([None, {}, {"region": "here"}, {"region": "there"}]),
    "desired_composite": st.sampled_from([None, {"status": {"port": 1}}, {"status": {"port": 2}}]),
    "desired_resource": st.sampled_from([None, {"kind": "Bucket"}, {"kind": "Topic"}]),
}
"""What a request may say, each part without the others."""

EARLIER: Final = ("context", "desired_composite", "desired_resource")
"""What earlier steps of the pipeline have left: an answer after one is never remembered."""

remembered = st.fixed_dictionaries(FIELDS).map(lambda state: {**state, "made_in": state["mode"], **dict.fromkeys(EARLIER)})
changes = st.lists(st.sampled_from(sorted(FIELDS)), max_size=2, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: FIELDS[name] for name in names})
)


@st.composite
def neighbours(draw: st.DrawFn) -> list[Manifest]:
    """A request, and some that differ from it in two parts at most: an answer that overlooks a part is wrong for one of them."""
    first = draw(remembered)
    return [first, *({**first, **change} for change in draw(st.lists(changes, min_size=3, max_size=6)))]


def request(state: Manifest) -> bytes:
    """A request as Crossplane sends it, in the random order that Go writes maps in (dictionaries keep theirs, so it is shuffled here)."""
    message = v1.RunFunctionRequest()
    kind, spec = state["claim"]
    created = {"creationTimestamp": "2025-01-01T00:00:00Z"}
    xr = (agent if kind == "agent" else composite)(spec, name=state["name"], labels=state["labels"], **created)
    message.observed.composite.resource.update({**xr, "status": state["status"]})
    for key, manifest in _observed(state, xr).items():
        message.observed.resources[key].resource.update(manifest)
    agents = {"images": state["images"]}
    message.input.update(
        {"mode": state["mode"], "diagnostics": {"pods": state["diagnostics"]}, "defaults": state["defaults"], "agents": agents}
    )
    if state["capable"]:
        message.meta.capabilities.append(v1.CAPABILITY_REQUIRED_RESOURCES)
    _require(message, state, kind)
    _add_earlier_step(message, state)
    return message.SerializeToString()


def _observed(state: Manifest, xr: Manifest) -> dict[str, Manifest]:
    first, observed = _composed(xr), {}
    if state["deployment"] and "deployment" in first:
        observed["deployment"] = _deployed(first["deployment"], state["deployment"])
    if state["scaler"] and "scaled-object" in first:
        observed["scaled-object"] = scaling(first["scaled-object"], ("Ready", state["scaler"]))
    if state["service"] and "service" in first:
        observed["service"] = first["service"]
    if state["migrating"] is not None:
        observed |= _migrating(xr, state["migrating"])
    if state["made_in"] == "objects":
        name = xr["metadata"]["name"]
        observed = {key: wrapped(wrap(manifest, key, name, "kubernetes-provider"), manifest) for key, manifest in observed.items()}
    if state["extra"]:
        observed["of-another-step"] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    return observed


def _require(message: v1.RunFunctionRequest, state: Manifest, kind: str) -> None:
    """Adds what was found of the claim's pods, and of claims of the other kind that have its name, to both fields that may have it."""
    other = (composite if kind == "agent" else agent)(name=state["name"])
    created = None if state["namesakes"] is None else [{"creationTimestamp": time} for time in state["namesakes"]]
    namesakes = None if created is None else [{**other, "metadata": {**other["metadata"], **metadata}} for metadata in created]
    name = requirement("AgentExecutor" if kind == "agent" else "AgentType")
    for required, items in ((PODS, state["pods"]), (name, namesakes)):
        if items is None:
            continue
        for found in (message.required_resources[required], message.extra_resources[required]):
            for item in items:
                found.items.add().resource.update(item)


def _add_earlier_step(message: v1.RunFunctionRequest, state: Manifest) -> None:
    if state["context"] is not None:
        message.context.update(state["context"])
        message.context.SetInParent()
    if state["desired_composite"]:
        message.desired.composite.resource.update(state["desired_composite"])
    if state["desired_resource"]:
        message.desired.resources["earlier"].resource.update(state["desired_resource"])


def _composed(xr: Manifest) -> dict[str, Manifest]:
    try:
        return created(xr)
    except Exception:
        return {}


def _migrating(xr: Manifest, status: Manifest) -> dict[str, Manifest]:
    """The Job of an earlier release."""
    earlier = _composed({**xr, "spec": {**xr["spec"], "image": "app:v0", "migrations": {"mode": "job"}}})
    return {key: {**manifest, "status": status} for key, manifest in earlier.items() if manifest["kind"] == "Job"}


def _deployed(manifest: Manifest, state: Manifest) -> Manifest:
    conditions = [{"type": "Progressing", "status": "True", "reason": state["reason"]}]
    observed = deployed(manifest, replicas=state["replicas"], availableReplicas=state["availableReplicas"], conditions=conditions)
    metadata = {**observed["metadata"], "resourceVersion": str(state["revision"]), "managedFields": [{"manager": str(state["revision"])}]}
    return {**observed, "metadata": metadata}


@settings(max_examples=200)
@given(neighbours())
def test_an_answer_from_memory_is_the_one_that_would_be_composed(requests: list[Manifest]) -> None:
    remembering = Runner(compose, refuse, Memory())
    for data in [request(state) for state in [*requests, *requests]]:
        assert wire.Response.FromString(remembering.run(data)) == wire.Response.FromString(PLAIN.run(data))


def test_an_answer_is_asked_for_again_sooner_while_something_is_under_way() -> None:
    runner = Runner(compose, refuse, Memory())
    first = created(composite())
    everything = {**first, "deployment": deployed(first["deployment"]), "scaled-object": scaling(first["scaled-object"])}
    for observed, seconds in (
        ({}, 15),
        ({**everything, "deployment": deployed(first["deployment"], availableReplicas=0)}, 15),
        (everything, 60),
    ):
        message = v1.RunFunctionRequest()
        message.observed.composite.resource.update(composite())
        for key, manifest in observed.items():
            message.observed.resources[key].resource.update(manifest)
        for tag in ("composed", "remembered"):
            message.meta.tag = tag
            meta = v1.RunFunctionResponse.FromString(runner.run(message.SerializeToString())).meta
            assert (meta.tag, meta.ttl.seconds) == (tag, seconds)


def composing(answers: list[str]) -> Runner:
    """A runner that notes each time it composes."""

    def noting(*arguments: Any) -> Any:
        answers.append("composed")
        return compose(*arguments)

    return Runner(noting, refuse, Memory(size=2))


def state(**changes: Any) -> Manifest:
    """A claim that is rolled out, of a pipeline with one step; `changes` go over that."""
    deployment = {"replicas": 1, "availableReplicas": 1, "reason": "NewReplicaSetAvailable", "revision": 1}
    absent = dict.fromkeys(("scaler", "service", "migrating", "extra", "pods", "namesakes", *EARLIER))
    empty: Manifest = {"labels": {}, "status": {}, "defaults": {}, "images": {}}
    whole = {"claim": ("executor", {}), "name": "one", "mode": "direct", "made_in": "direct", "diagnostics": False, "capable": True}
    return {**absent, **empty, **whole, "deployment": deployment, **changes}


def test_what_nobody_reads_is_not_composed_again() -> None:
    composed: list[str] = []
    runner = composing(composed)
    first = runner.run(request(state()))
    touched = state()["deployment"] | {"revision": 2}
    assert runner.run(request(state(deployment=touched, status={"conditions": [{"type": "Ready"}]}))) == first
    assert composed == ["composed"]


def backwards(content: Manifest) -> bytes:
    """An object closed with its fields, and those of the objects inside, the other way round."""
    closed = [with_length(b"\n", key.encode()) + with_length(b"\x12", _backwards(content[key])) for key in sorted(content, reverse=True)]
    return b"".join(with_length(b"\n", field) for field in closed)


def _backwards(item: Any) -> bytes:
    if isinstance(item, dict):
        return with_length(b"\x2a", backwards(item))
    if isinstance(item, list):
        return with_length(b"\x32", b"".join(with_length(b"\n", _backwards(one)) for one in item))
    return fields_of(encode({"": item}))[""]


def asked(xr: Manifest, deployment: Manifest, close: Callable[[Manifest], bytes] = encode) -> bytes:
    """A request about an XR that has this Deployment."""
    message = wire.Request()
    wire.set_resource_struct(message.observed.composite, close(xr))
    wire.set_resource_struct(message.observed.resources["deployment"], close(deployment))
    setattr(message, "input", close({"mode": "direct", "defaults": {"clusterDomain": "here.local"}}))  # noqa: B010  # mypy sees a Struct
    return message.SerializeToString()


def test_what_says_the_same_in_another_order_is_not_composed_again() -> None:
    """Go writes the fields of an object in another order each time."""
    composed: list[str] = []
    runner = composing(composed)
    xr = composite({"podLabels": {"tier": "b", "zone": "c"}}, labels={"team": "a", "unit": "b"})
    deployment = deployed(created(xr)["deployment"], availableReplicas=0)
    for close in (backwards, encode, backwards):
        runner.run(asked(xr, deployment, close))
    assert composed == ["composed"]


def test_a_deployment_that_waits_for_migrations_is_composed_again_when_anything_of_it_changes() -> None:
    composed: list[str] = []
    runner = composing(composed)
    running = deployed(created(composite())["deployment"])
    edited = {**running, "spec": {**running["spec"], "minReadySeconds": 9}}
    for deployment, count in ((running, 1), (running, 1), (edited, 2)):
        runner.run(asked(composite({"migrations": {"mode": "job"}, "image": "app:v2"}), deployment))
        assert len(composed) == count


def test_what_somebody_reads_is_composed_again() -> None:
    composed: list[str] = []
    runner = composing(composed)
    for changes in (
        {},
        {"deployment": state()["deployment"] | {"availableReplicas": 0}},
        {"status": {"image": "old:1"}},
        {"mode": "objects"},
    ):
        runner.run(request(state(**changes)))
    assert len(composed) == 3 + 1


def test_of_the_managed_fields_only_the_owners_of_one_are_read() -> None:
    composed: list[str] = []
    runner = composing(composed)
    ours, theirs = f"{CROSSPLANE}6b9bfca9", "kube-controller-manager"
    for managers, time, count, sent in (
        ([ours], "09:00", 1, 3),
        ([ours], "09:01", 1, 3),
        ([theirs, ours], "09:01", 2, None),
        ([ours, theirs], "09:02", 2, None),
        ([], "09:02", 3, None),
    ):
        answer = v1.RunFunctionResponse.FromString(runner.run(autoscaled(managers, time)))
        (deployment,) = (r.resource for key, r in answer.desired.resources.items() if key == "deployment")
        assert (len(composed), json_format.MessageToDict(deployment)["spec"].get("replicas")) == (count, sent)


def autoscaled(managers: list[str], time: str) -> bytes:
    """A request for an agent that scales on CPU, the number of whose pods belongs to these."""
    xr = agent({"scaling": {"maxReplicas": 5}})
    message = v1.RunFunctionRequest()
    message.observed.composite.resource.update(xr)
    manifest = deployed(_composed(xr)["deployment"], replicas=3)
    owns = [{"manager": manager, "time": time, "fieldsV1": {"f:spec": {"f:replicas": {}}}} for manager in managers]
    managed = [*owns, {"manager": "another", "time": time, "fieldsV1": {"f:spec": {"f:template": {}}}}]
    metadata = {**manifest["metadata"], "resourceVersion": "7", "managedFields": managed}
    message.observed.resources["deployment"].resource.update({**manifest, "metadata": metadata})
    return message.SerializeToString()


def test_the_longest_unused_answer_goes_first() -> None:
    composed: list[str] = []
    runner = composing(composed)
    for label in ("a", "b", "a", "c", "a", "b"):
        runner.run(request(state(labels={"team": label})))
    assert len(composed) == 4


def test_an_answer_that_takes_the_place_of_another_takes_its_bytes_too() -> None:
    memory = Memory(kept_bytes=1000)
    for question in [(b"other",), *[(b"asked again",)] * 20]:
        memory.remember(question, Remembered("", Trace(), b"x" * 100))
    assert len(memory) == 2


@pytest.mark.parametrize("part", ["question", "read whole", "read in part", "response"])
def test_every_part_of_an_answer_counts(part: str) -> None:
    large, trace = b"x" * 2000, Trace()
    if part == "read whole":
        trace.others["pods"] = large
    if part == "read in part":
        trace.parts["deployment"] = {"status": {"conditions": large}}
    memory = Memory(kept_bytes=1000)
    memory.remember((large if part == "question" else b"",), Remembered("", trace, large if part == "response" else b""))
    assert len(memory) == 0


def test_an_earlier_step_of_the_pipeline_is_never_forgotten() -> None:
    runner = Runner(compose, refuse, Memory())
    runner.run(request(state()))
    answer = v1.RunFunctionResponse.FromString(runner.run(request(state(desired_resource={"kind": "Bucket"}))))
    assert "earlier" in answer.desired.resources


def test_the_context_of_an_earlier_step_is_never_forgotten() -> None:
    runner = Runner(compose, refuse, Memory())
    for context in (None, {"region": "here"}, {"region": "there"}, None):
        answer = v1.RunFunctionResponse.FromString(runner.run(request(state(context=context))))
        assert json_format.MessageToDict(answer.context) == (context or {})

"""An answer from memory is the answer that would have been composed."""

from typing import Any

from crossplane.function.proto.v1 import run_function_pb2 as v1
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.composites import agent, composite, deployed, scaling
from tests.strategies import specs
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING
from zerotouch_function.ownership import CROSSPLANE
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.memory import Memory
from zerotouch_function.protocol.runner import Runner
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
states = st.fixed_dictionaries(
    {
        "spec": st.one_of(
            specs, st.sampled_from([{"size": "small"}, {"size": "large"}, {"size": "huge"}, {"migrations": {"mode": "job"}}])
        ),
        "name": st.sampled_from(["one", "two"]),
        "labels": st.sampled_from([{}, {"team": "a"}, {"team": "b"}]),
        "mode": st.sampled_from(["direct", "objects"]),
        "pods": st.sampled_from([None, [], [{"metadata": {"name": "p", "namespace": "ns"}}]]),
        "diagnostics": st.booleans(),
        "status": st.sampled_from([{}, {"image": "old:1"}, {"conditions": [{"type": "Ready"}]}]),
    },
    optional={
        "deployment": deployments,
        "scaler": st.sampled_from(["True", "False"]),
        "service": st.just(True),
        "migrating": st.sampled_from(
            [{}, {"active": 1}, {"active": 1, "ready": 1}, {"conditions": [{"type": "Failed", "status": "True"}]}]
        ),
        "extra": st.just(True),
    },
)


def request(state: Manifest, capable: bool, earlier: bool) -> bytes:
    """A request as Crossplane sends it, in the random order that Go writes maps in (dictionaries keep theirs, so it is shuffled here)."""
    message = v1.RunFunctionRequest()
    xr = composite(state["spec"], name=state["name"], labels=state["labels"])
    first = _composed(xr)
    message.observed.composite.resource.update({**xr, "status": state["status"]})
    observed: dict[str, Any] = {}
    if "deployment" in state and "deployment" in first:
        observed["deployment"] = _deployed(first["deployment"], state["deployment"])
    if "scaler" in state and "scaled-object" in first:
        observed["scaled-object"] = scaling(first["scaled-object"], ("Ready", state["scaler"]))
    if "service" in state and "service" in first:
        observed["service"] = first["service"]
    if "migrating" in state:
        observed |= _migrating(xr, state["migrating"])
    if "extra" in state:
        observed["of-another-step"] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    for key, manifest in observed.items():
        message.observed.resources[key].resource.update(manifest)
    message.input.update({"mode": state["mode"], "diagnostics": {"pods": state["diagnostics"]}})
    if capable:
        message.meta.capabilities.append(v1.CAPABILITY_REQUIRED_RESOURCES)
    if state["pods"] is not None:
        for pods in (message.required_resources["pods"], message.extra_resources["pods"]):
            for pod in state["pods"]:
                pods.items.add().resource.update(pod)
    if earlier:
        message.desired.resources["earlier"].resource.update({"apiVersion": "v1", "kind": "ConfigMap"})
    return message.SerializeToString()


def _composed(xr: Manifest) -> dict[str, Manifest]:
    try:
        return {key: resource.manifest for key, resource in compose(xr, NOTHING, {}).resources.items()}
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


@settings(max_examples=150)
@given(st.lists(st.tuples(states, st.booleans(), st.booleans()), min_size=2, max_size=5))
def test_an_answer_from_memory_is_the_one_that_would_be_composed(requests: list[tuple[Manifest, bool, bool]]) -> None:
    remembering = Runner(compose, refuse, Memory())
    for state, capable, earlier in [*requests, *requests]:
        data = request(state, capable, earlier)
        assert wire.Response.FromString(remembering.run(data)) == wire.Response.FromString(PLAIN.run(data))


def test_an_answer_is_asked_for_again_sooner_while_something_is_under_way() -> None:
    runner = Runner(compose, refuse, Memory())
    first = {key: resource.manifest for key, resource in compose(composite(), NOTHING, {}).resources.items()}
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
    whole: Manifest = {"spec": {}, "name": "one", "labels": {}, "mode": "direct", "pods": None, "diagnostics": False, "status": {}}
    return {**whole, "deployment": {"replicas": 1, "availableReplicas": 1, "reason": "NewReplicaSetAvailable", "revision": 1}, **changes}


def test_what_nobody_reads_is_not_composed_again() -> None:
    composed: list[str] = []
    runner = composing(composed)
    first = runner.run(request(state(), True, False))
    touched = state()["deployment"] | {"revision": 2}
    assert runner.run(request(state(deployment=touched, status={"conditions": [{"type": "Ready"}]}), True, False)) == first
    assert composed == ["composed"]


def test_what_somebody_reads_is_composed_again() -> None:
    composed: list[str] = []
    runner = composing(composed)
    for changes in (
        {},
        {"deployment": state()["deployment"] | {"availableReplicas": 0}},
        {"status": {"image": "old:1"}},
        {"mode": "objects"},
    ):
        runner.run(request(state(**changes), True, False))
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
        runner.run(request(state(labels={"team": label}), True, False))
    assert len(composed) == 4


def test_an_earlier_step_of_the_pipeline_is_never_forgotten() -> None:
    runner = Runner(compose, refuse, Memory())
    runner.run(request(state(), True, False))
    answer = v1.RunFunctionResponse.FromString(runner.run(request(state(), True, True)))
    assert "earlier" in answer.desired.resources

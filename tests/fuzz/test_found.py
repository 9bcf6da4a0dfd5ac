"""What fuzzing found, each as the smallest request that showed it."""

from typing import Any

import pytest
from crossplane.function.proto.v1 import run_function_pb2 as v1

from tests.composites import composite
from tests.fuzz.laws import MESSAGE_CHARACTERS, check
from tests.fuzz.pool import POD, pool, running
from tests.fuzz.requests import message, nested
from zerotouch_function.diagnosis import PODS
from zerotouch_function.manifest import Manifest
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.memory import Memory, Remembered
from zerotouch_function.protocol.runner import Outcome, Runner
from zerotouch_function.protocol.trace import Trace
from zerotouch_function.registry import compose, refuse

MANY = {f"k{i}": i for i in range(500)}


def refusal(data: bytes, runner: Runner | None = None) -> tuple[str, list[str]]:
    """The refusal's message, and the types of the conditions that go with it."""
    answer = (runner or Runner(compose, refuse)).answer(data)
    assert answer.outcome is Outcome.REFUSED
    response = wire.Response.FromString(answer.response)
    return response.results[0].message, [condition.type for condition in response.conditions]


@pytest.mark.parametrize("reference", ["text", 3, {"name": ["x"], "namespace": "ns"}, {"name": "x", "namespace": MANY}, {"name": 1}])
def test_a_claim_reference_that_is_none_is_refused(reference: Any) -> None:
    xr = composite()
    assert refusal(message({**xr, "spec": {**xr["spec"], "claimRef": reference}}))[0].startswith("spec.claimRef: ")


@pytest.mark.parametrize("name", [3, ["x"], MANY, "", None])
def test_a_composite_without_a_name_is_refused(name: Any) -> None:
    assert refusal(message({**composite(), "metadata": {"name": name}}))[0].startswith("metadata.name: ")


@pytest.mark.parametrize("labels", ["x", 3, [], {"a": 3, "b": {}}])
def test_labels_that_are_none_are_passed_over(labels: Any) -> None:
    assert check(message(composite(labels=labels))) is Outcome.COMPOSED


def test_a_refusal_quotes_no_more_than_fits_into_a_condition() -> None:
    long = "x" * 1_000_000
    for xr in (composite({"podLabels": {long: "y"}}), composite(name=long), composite({"nats": {long: 1}})):
        assert len(refusal(message(xr))[0]) <= MESSAGE_CHARACTERS


@pytest.mark.parametrize("number", [1e308, -(2.0**70), float("inf"), 0.1])
def test_numbers_of_any_size_are_composed(number: float) -> None:
    assert check(message(composite({"placement": {"affinity": {"podAffinity": {"weight": number}}}}))) is Outcome.COMPOSED


@pytest.mark.parametrize("status", [{"conditions": "x"}, {"conditions": [3, None]}, {"replicas": "x", "observedGeneration": {}}])
@pytest.mark.parametrize("mode", ["direct", "objects"])
def test_observed_status_of_another_shape_reads_as_not_there(status: Manifest, mode: str) -> None:
    observed = {key: {**manifest, "status": status} for key, manifest in running(1, mode).items()}
    assert check(message(pool()[1], observed=observed, function_input={"mode": mode})) is Outcome.COMPOSED


@pytest.mark.parametrize("mode", ["direct", "objects"])
def test_a_message_that_is_no_text_is_not_quoted(mode: str) -> None:
    """Its words would be another each time: where in memory the object lies, or which of its fields came first."""
    odd = {"status": "Unknown", "message": {"deep": [{"er": 1}]}}
    for index in range(len(pool())):
        observed = running(index, mode)
        for key, manifest in observed.items():
            conditions = [{"type": kind, **odd} for kind in ("Ready", "ScalingActive", "Progressing", "Synced")]
            check(message(pool()[index], observed={**observed, key: {**manifest, "status": {"conditions": conditions}}}))


@pytest.mark.parametrize("status", [{"conditions": 3}, {"containerStatuses": ["x", {"state": {"waiting": 1}, "lastState": []}]}])
def test_pods_of_another_shape_explain_nothing(status: Manifest) -> None:
    function_input = {"diagnostics": {"pods": True}}
    pods: list[Manifest] = [{**POD, "status": status}, {**POD, "metadata": {}}]
    assert (
        check(message(pool()[1], observed=running(1, "direct"), function_input=function_input, required={PODS: pods})) is Outcome.COMPOSED
    )


def test_a_deployment_that_the_provider_has_not_seen_yet_is_not_dropped_while_migrations_run() -> None:
    xr = pool()[2]
    observed = running(2, "objects")
    unseen = {**observed, "deployment": {**observed["deployment"], "status": {}}}
    newer = {**xr, "spec": {**xr["spec"], "image": "ghcr.io/org/service:v2.0.0"}}
    response = v1.RunFunctionResponse.FromString(
        Runner(compose, refuse).run(message(newer, observed=unseen, function_input={"mode": "objects"}))
    )
    sent: Any = response.desired.resources["deployment"].resource["spec"]
    assert sent["forProvider"]["manifest"]["spec"]["template"]["spec"]["containers"][0]["image"] == xr["spec"]["image"]
    lost = {**observed, "deployment": {**observed["deployment"], "spec": {}, "status": {}}}
    told, _ = refusal(message(newer, observed=lost, function_input={"mode": "objects"}))
    assert told.startswith("observed.resources[deployment].resource.spec.forProvider.manifest: is missing; ")


def test_a_claim_that_is_remembered_keeps_its_conditions_when_a_pod_is_damaged() -> None:
    function_input = {"diagnostics": {"pods": True}}
    observed = running(1, "direct")
    remembering = Runner(compose, refuse, Memory())
    remembering.run(message(pool()[1], observed=observed, function_input=function_input, required={PODS: [POD]}))
    damaged = message(pool()[1], observed=observed, function_input=function_input, required={PODS: [{**POD, "status": nested(60)}]})
    told, conditions = refusal(damaged, remembering)
    assert told.startswith("required_resources[pods].resource: the object's bytes are damaged; ")
    assert conditions == ["SpecValid", "WorkloadReady", "ScalerReady"]


def test_capabilities_that_nobody_knows_yet_change_nothing() -> None:
    request = v1.RunFunctionRequest.FromString(message(composite()))
    request.meta.capabilities.extend([1000, 2**31 - 1])  # type: ignore[list-item]  # protobuf keeps enum values that it does not know
    assert check(request.SerializeToString()) is Outcome.COMPOSED


def test_memory_is_bounded_in_bytes_however_large_the_claims_are() -> None:
    memory = Memory(kept_bytes=1_000_000)
    runner = Runner(compose, refuse, memory)
    large = [message(composite({"env": [{"name": "APP", "value": "x" * 16_000}]}, name=f"a{i}")) for i in range(100)]
    for data in large:
        runner.run(data)
    assert 0 < len(memory) < 40
    memory.remember((b"x" * 2_000_000,), Remembered("", Trace(), b""))
    assert len(memory) == 0

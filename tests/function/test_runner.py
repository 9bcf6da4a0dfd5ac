"""Answers, compared whole, as the SDK's own messages."""

from dataclasses import dataclass
from typing import Any

import pytest
from crossplane.function.proto.v1 import run_function_pb2 as v1
from hypothesis import given
from hypothesis import strategies as st

from tests.function.crossplane_requests import CONFIG, XR, request, struct, with_earlier_step
from tests.function.stand_in import compose, refuse
from zerotouch_function.errors import RequestError
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.runner import Outcome, Runner

RUNNER = Runner(compose, refuse)
CLAIM = v1.TARGET_COMPOSITE_AND_CLAIM
WRONG: dict[str, Any] = {**XR, "spec": {"size": "wrong"}}


def run(message: v1.RunFunctionRequest) -> v1.RunFunctionResponse:
    return v1.RunFunctionResponse.FromString(RUNNER.run(message.SerializeToString()))


def answer_to(message: v1.RunFunctionRequest) -> v1.RunFunctionResponse:
    """What every answer hands on."""
    want = v1.RunFunctionResponse()
    want.meta.tag = message.meta.tag
    want.meta.ttl.FromSeconds(60)
    if message.HasField("desired"):
        want.desired.CopyFrom(message.desired)
    if message.HasField("context"):
        want.context.CopyFrom(message.context)
    return want


def add_composition(want: v1.RunFunctionResponse, status: dict[str, Any], *, ready: v1.Ready, is_v2: bool = True) -> v1.RunFunctionResponse:
    """What the stand-in adds to every answer, which holds for a shorter time while something is under way."""
    want.meta.ttl.FromSeconds(15 if ready == v1.READY_FALSE else 60)
    want.desired.resources["config"].resource.CopyFrom(struct(CONFIG))
    want.desired.resources["config"].ready = ready
    want.desired.composite.resource.CopyFrom(struct(status))
    want.conditions.add(type="SpecValid", status=v1.STATUS_CONDITION_TRUE, reason="Valid", message="The spec can be composed", target=CLAIM)
    selector = v1.ResourceSelector(api_version="v1", kind="ConfigMap", match_labels=v1.MatchLabels(labels={"app": "demo"}))
    if is_v2:
        selector.namespace = "ns"
        want.requirements.resources["types"].CopyFrom(selector)
    else:
        want.requirements.extra_resources["types"].CopyFrom(selector)
    return want


def test_a_first_request_is_answered_with_resources_status_conditions_and_requirements() -> None:
    message = request(function_input={"port": 8080})
    want = add_composition(answer_to(message), {"status": {"port": 8080, "types": 0, "keys": []}}, ready=v1.READY_FALSE)
    assert run(message) == want


def test_crossplane_1_20_is_asked_in_the_field_that_it_knows() -> None:
    message = request(is_v2=False, required={"types": [CONFIG]})
    want = add_composition(answer_to(message), {"status": {"port": 0, "types": 1, "keys": []}}, ready=v1.READY_FALSE, is_v2=False)
    assert run(message) == want


def test_what_earlier_steps_desire_is_kept_and_statuses_are_merged() -> None:
    message = with_earlier_step(request(observed={"config": CONFIG, "another": CONFIG}))
    status = {"kind": "XDemo", "status": {"earlier": 1, "port": 0, "types": 0, "keys": ["another", "config"]}}
    assert run(message) == add_composition(answer_to(message), status, ready=v1.READY_TRUE)


def test_a_refusal_tells_the_claim_everything_and_changes_no_desired_state() -> None:
    message = with_earlier_step(request(WRONG, observed={"config": CONFIG}))
    error = 'spec.size: "wrong" is no size; use small'
    want = answer_to(message)
    want.results.add(severity=v1.SEVERITY_FATAL, reason="Invalid", message=error, target=CLAIM)
    want.conditions.add(type="SpecValid", status=v1.STATUS_CONDITION_FALSE, reason="Invalid", message=error, target=CLAIM)
    unknown = v1.STATUS_CONDITION_UNKNOWN
    want.conditions.add(type="Ready2", status=unknown, reason="Refused", message="config exists: True", target=CLAIM)
    assert run(message) == want


@pytest.mark.parametrize("is_v2", [True, False])
def test_no_claim_sees_another_namespaces_objects(*, is_v2: bool) -> None:
    items = [{**CONFIG, "metadata": {"name": "a", "namespace": name}} for name in ("ns", "other")]
    cluster_scoped = {**CONFIG, "metadata": {"name": "b"}}
    got = run(request(is_v2=is_v2, required={"types": [*items, cluster_scoped]}))
    assert got.desired.composite.resource["status"]["types"] == 2  # type: ignore[index]  # a Struct


@dataclass(frozen=True)
class Damaged:
    reason: str
    request: v1.RunFunctionRequest
    want: str
    conditions: tuple[str, ...] = ("SpecValid", "Ready2")


def damaged(part: str) -> v1.RunFunctionRequest:
    """A request in which one object is nested deeper than protobuf reads."""
    message = request(observed={"config": CONFIG}, function_input={"port": 1})
    target = {
        "input": message.input,
        "composite": message.observed.composite.resource,
        "desired": message.desired.composite.resource,
    }[part]
    _nest(target, 45)
    return message


def _nest(target: Any, depth: int) -> None:
    for _ in range(depth):
        target = target.fields["deep"].struct_value
    target.fields["end"].bool_value = True


DAMAGED = [
    Damaged("no composite resource", request(None), "observed.composite.resource: is missing; ", ()),
    Damaged("an empty composite resource", request({}), "observed.composite.resource: is missing; ", ()),
    Damaged("no kind", request({"apiVersion": "v1"}), "observed.composite.resource.kind: is not a text; ", ()),
    Damaged("a kind that is a number", request({**XR, "kind": 3}), "observed.composite.resource.kind: is not a text; ", ()),
    Damaged("a spec that is a text", request({**XR, "spec": "x"}), "observed.composite.resource.spec: is not an object; ", ()),
    Damaged(
        "observed metadata that is a list",
        request(observed={"config": {**CONFIG, "metadata": []}}),
        "observed.resources[config].resource.metadata: is not an object; ",
    ),
    Damaged(
        "observed status that is a number",
        request(observed={"config": {**CONFIG, "status": 3}}),
        "observed.resources[config].resource.status: is not an object; ",
    ),
    Damaged(
        "required metadata that is a list",
        request(required={"types": [{**CONFIG, "metadata": []}]}),
        "required_resources[types].resource.metadata: is not an object; ",
    ),
    Damaged("a kind that nobody serves", request({**XR, "kind": "XOther"}), 'kind: "XOther" is not composed'),
    Damaged("a composite nested too deep", damaged("composite"), "observed.composite.resource: the object's bytes are damaged; ", ()),
    Damaged("an input nested too deep", damaged("input"), "input: the object's bytes are damaged; "),
    Damaged("a desired composite nested too deep", damaged("desired"), "desired.composite.resource: the object's bytes are damaged; "),
]


@pytest.mark.parametrize("case", DAMAGED, ids=lambda case: case.reason)
def test_a_damaged_request_is_refused_with_the_field_that_is_wrong(case: Damaged) -> None:
    answer = RUNNER.answer(case.request.SerializeToString())
    got = wire.Response.FromString(answer.response)  # the SDK's classes cannot read what is nested too deep
    assert answer.outcome is Outcome.REFUSED
    assert [(result.severity, result.message[: len(case.want)]) for result in got.results] == [(v1.SEVERITY_FATAL, case.want)]
    assert tuple(condition.type for condition in got.conditions) == case.conditions
    assert list(got.desired.resources) == []


def test_an_observed_object_is_damaged_when_somebody_looks() -> None:
    message = wire.parse(request(observed={"config": CONFIG}).SerializeToString())
    wire.set_resource_struct(message.observed.resources["config"], b"\xff")
    (result,) = wire.Response.FromString(RUNNER.run(message.SerializeToString())).results
    assert result.message.startswith("observed.resources[config].resource: the object's bytes are damaged; ")


def test_bytes_that_are_no_request_are_told_from_a_refusal() -> None:
    with pytest.raises(RequestError, match=r"^request: 3 bytes cannot be read as protobuf; send "):
        RUNNER.run(b"\xff\xff\xff")


def test_a_bug_stays_an_exception() -> None:
    with pytest.raises(KeyError, match="bug"):
        RUNNER.run(request({**XR, "spec": {"bug": True}}).SerializeToString())


def test_equal_requests_get_equal_bytes() -> None:
    message = request(observed={"b": CONFIG, "a": CONFIG}, function_input={"port": 1, "other": 2})
    again = v1.RunFunctionRequest.FromString(message.SerializeToString())
    assert RUNNER.run(message.SerializeToString()) == RUNNER.run(again.SerializeToString(deterministic=True))


def test_an_answer_says_what_to_count() -> None:
    answers = [RUNNER.answer(request(xr).SerializeToString()) for xr in (XR, WRONG, {**XR, "kind": "XOther"}, None)]
    assert [(answer.kind, answer.outcome) for answer in answers] == [
        ("XDemo", Outcome.COMPOSED),
        ("XDemo", Outcome.REFUSED),
        ("", Outcome.REFUSED),
        ("", Outcome.REFUSED),
    ]


@given(st.data())
def test_a_request_with_any_bytes_changed_is_answered_or_no_request(data: st.DataObject) -> None:
    damaged_bytes = bytearray(with_earlier_step(request(observed={"config": CONFIG}, function_input={"port": 1})).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged_bytes[data.draw(st.integers(0, len(damaged_bytes) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged_bytes)))
    try:
        answer = RUNNER.answer(bytes(damaged_bytes[:cut]))
    except RequestError as error:
        assert error.field == "request"  # noqa: PT017  # or an answer
    else:
        assert wire.Response.FromString(answer.response).meta.ttl.seconds in (15, 60)

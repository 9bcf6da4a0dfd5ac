"""What must hold for any bytes at all that arrive as a request."""

import re
import time
from typing import Final

from crossplane.function.proto.v1 import run_function_pb2 as v1

from zerotouch_function.errors import RequestError
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.memory import Memory
from zerotouch_function.protocol.response import TTL_SECONDS, UNDER_WAY_SECONDS
from zerotouch_function.protocol.runner import Answer, Outcome, Runner
from zerotouch_function.registry import APIS, compose, refuse

PLAIN: Final = Runner(compose, refuse)
REMEMBERING: Final = Runner(compose, refuse, Memory(256))

ANSWER_SECONDS: Final = 2.0
"""Processor time in which any request of a few hundred KB is answered; an ordinary one takes a thousandth."""

MESSAGE_CHARACTERS: Final = 4096
"""Longest message of a refusal: it goes into conditions and events, which the API server bounds."""

PATH: Final = re.compile(r"(spec|input|metadata|kind|observed|desired|required_resources)([.\[].*)?: \S", re.DOTALL)
"""Where a refusal says the fault is, and that it says what is wrong there."""

DAMAGE: Final = "the object's bytes are damaged"

ALWAYS: Final = {
    "XAgentExecutor": frozenset({"service-account", "service"}),
    "XAgentType": frozenset({"service-account", "service", "sidecar-config", "deployment"}),
}
"""What every answer composes, by kind."""

STAYS: Final = {"XAgentExecutor": frozenset({"deployment", "scaled-object"}), "XAgentType": frozenset[str]()}
"""What waits for migrations, and then goes on being sent."""

CONDITIONS: Final = {
    "XAgentExecutor": ["SpecValid", "WorkloadReady", "ScalerReady"],
    "XAgentType": ["SpecValid", "WorkloadReady", "ModelsConfigured", "ScalerReady"],
}
"""What every answer and refusal tells, by kind."""


def check(data: bytes) -> str:
    """Answers a request in every way that the server does, and says how it ended.

    Raises:
        AssertionError: The answer breaks a law. Any other exception is a bug in the function.
    """
    started = time.process_time()
    try:
        answer = PLAIN.answer(data)
    except RequestError as error:
        if error.field != "request" or _can_be_read(data):
            raise AssertionError(f"raised instead of answered: {error}") from error
        return Outcome.DAMAGED
    assert time.process_time() - started < ANSWER_SECONDS, "took too long"
    request, response = wire.Request.FromString(data), wire.Response.FromString(answer.response)
    assert response.meta.tag == request.meta.tag
    assert response.meta.ttl.seconds in (TTL_SECONDS, UNDER_WAY_SECONDS)
    _check_desired(request, response, answer.outcome)
    if answer.outcome is Outcome.REFUSED:
        _check_refusal(response, answer)
    else:
        assert not response.results
        _check_conditions(response, answer.kind)
        assert response.desired.resources.keys() >= ALWAYS[answer.kind]
        stays = STAYS[answer.kind] & request.observed.resources.keys()
        assert response.desired.resources.keys() >= stays, "a running workload would be deleted"
    _check_memory(data, answer, response)
    return answer.outcome


def _check_memory(data: bytes, answer: Answer, response: v1.RunFunctionResponse) -> None:
    """A remembered answer is the composed one. Of several damaged objects it may name another, and damage where nobody looks it misses."""
    for _ in range(2):
        remembered = REMEMBERING.answer(data)
        again = wire.Response.FromString(remembered.response)
        if any(DAMAGE in result.message for result in (*response.results, *again.results)):
            continue
        assert (remembered.kind, remembered.outcome) == (answer.kind, answer.outcome)
        assert wire.serialize(again) == wire.serialize(response)


def _can_be_read(data: bytes) -> bool:
    try:
        wire.parse(data)
    except RequestError:
        return False
    return True


def _check_desired(request: v1.RunFunctionRequest, response: v1.RunFunctionResponse, outcome: Outcome) -> None:
    """Nothing that an earlier step desires is lost."""
    assert response.HasField("context") == request.HasField("context")
    if outcome is Outcome.REFUSED:
        assert response.desired.SerializeToString(deterministic=True) == request.desired.SerializeToString(deterministic=True)
    assert response.desired.resources.keys() >= request.desired.resources.keys()


def _check_refusal(response: v1.RunFunctionResponse, answer: Answer) -> None:
    (result,) = response.results
    assert result.severity == v1.SEVERITY_FATAL
    assert PATH.match(result.message), f"names no field: {result.message[:200]}"
    assert len(result.message) <= MESSAGE_CHARACTERS, f"{len(result.message)} characters: {result.message[:200]}"
    if answer.kind in APIS:
        _check_conditions(response, answer.kind)
        assert response.conditions[0].message == result.message


def _check_conditions(response: v1.RunFunctionResponse, kind: str) -> None:
    types = [condition.type for condition in response.conditions]
    assert types == CONDITIONS[kind], types

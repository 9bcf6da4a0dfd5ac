"""Answers one request of Crossplane: bytes in, bytes out, whatever server they came through.

    request -> remembered? -> observed state -> compose -> response
                                                   |
                                             FunctionError -> fatal result, and every condition

What is wrong with a request is told where a person looks:

- The user's or the platform's mistake (`FunctionError`) is a fatal result. Crossplane then changes nothing in the cluster, and shows
  the message in the composite's `Synced` condition and ours on the claim. The answer carries the desired state as it came.
- Bytes that are no request raise `RequestError`, which the server answers with INVALID_ARGUMENT. There is no tag to answer to and no
  claim to tell; Crossplane shows the status' text in the composite's `Synced`, and its client metrics count it as the failed call it is.
- A bug in `compose` stays an exception. Crossplane takes any failed call as "change nothing" and calls again; until one succeeds, our
  conditions are Unknown on composite and claim.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeAlias

from crossplane.function.proto.v1 import run_function_pb2 as v1
from msgspec import Struct

from zerotouch_function.composition import Composition, Condition
from zerotouch_function.errors import FunctionError, RequestError, UnknownKindError
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING, Observed
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.memory import Memory, Remembered
from zerotouch_function.protocol.request import RequestState, stands_alone
from zerotouch_function.protocol.response import composed, refused, tagged

Compose: TypeAlias = Callable[[Manifest, Observed, Manifest], Composition]
"""Composite resource, observed state and the function's input to the whole answer; raises FunctionError."""

Refuse: TypeAlias = Callable[[Manifest, Observed, FunctionError], tuple[Condition, ...]]
"""Every condition of the composite's API, with the error in them."""


class Outcome(StrEnum):
    """How a request ended."""

    COMPOSED = "composed"
    REFUSED = "refused"
    DAMAGED = "damaged"
    FAILED = "failed"
    UNREAD = "unread"


class Answer(Struct, frozen=True):
    """A response, and what the metrics say about it.

    Attributes:
        response: The bytes of a RunFunctionResponse.
        kind: Kind of the composite resource; empty unless it is one that we serve.
        outcome: COMPOSED or REFUSED.
    """

    response: bytes
    kind: str
    outcome: Outcome


class Runner:
    """Puts `compose` behind Crossplane's protocol."""

    def __init__(self, compose: Compose, refuse: Refuse, memory: Memory | None = None) -> None:
        self._compose = compose
        self._refuse = refuse
        self._memory = memory

    def run(self, request: bytes) -> bytes:
        """Answers a request.

        Raises:
            RequestError: The bytes are no request.
        """
        return self.answer(request).response

    def answer(self, data: bytes) -> Answer:
        """Answers a request, and says how; raises as `run` does."""
        request = wire.parse(data)
        state = RequestState(request)
        try:
            if self._memory is None or not stands_alone(request):
                return self._composed(request, state)
            return self._remembered(self._memory, request, state)
        except FunctionError as error:
            response = refused(request, error, self._conditions(state, error))
            kind = "" if isinstance(error, UnknownKindError) else state.kind
            return Answer(wire.serialize(response), kind, Outcome.REFUSED)

    def _composed(self, request: v1.RunFunctionRequest, state: RequestState) -> Answer:
        composition = self._compose(state.composite(), state, state.function_input())
        return Answer(wire.serialize(composed(request, composition)), state.kind, Outcome.COMPOSED)

    def _remembered(self, memory: Memory, request: v1.RunFunctionRequest, state: RequestState) -> Answer:
        """The answer from memory, or a new one that is kept. Two messages one after the other are one with the fields of both."""
        question = state.question()
        known = memory.recall(question, state)
        if known is None:
            composition = self._compose(state.composite(), state, state.function_input())
            response = composed(request, composition)
            response.meta.ClearField("tag")
            known = Remembered(state.kind, state.trace, wire.serialize(response))
            memory.remember(question, known)
        return Answer(tagged(request) + known.response, known.kind, Outcome.COMPOSED)

    def _conditions(self, state: RequestState, error: FunctionError) -> Sequence[Condition]:
        """Every condition, as far as the request can be read; observed objects that are damaged count as not there."""
        try:
            xr = state.composite()
        except RequestError:
            return ()
        try:
            return self._refuse(xr, state, error)
        except RequestError:
            return self._refuse(xr, NOTHING, error)

"""Answers that were given before, for requests that read the same.

Crossplane asks again for every composite resource each minute and at each change of a composed object. Almost always the answer is the
one it got last time, and almost all of an answer's cost is making and encoding objects that are already there.

    question ──> remembered answer: trace, response
                        │
                        └─ every read in the trace reads the same now? ──> response

The question is everything that is read in every case: the composite, the input, what this Crossplane can do. The trace is everything
of the observed and required state that was read while the answer was made (`trace.py`). `compose` is pure, so two requests that agree
on both run it through the same steps to the same answer. Nothing has to be declared, and nothing can be forgotten: what is not
recorded was not read.

One answer is kept for each question, about 12 KB, and the longest unused one goes first. Both their number and their bytes are
bounded: a claim may bring a megabyte of environment variables, and a thousand of those must not fill the pod's memory.
"""

from collections import OrderedDict
from threading import Lock
from typing import Final

from msgspec import Struct

from zerotouch_function.protocol.request import Question, RequestState
from zerotouch_function.protocol.trace import Trace

ANSWERS: Final = 4096
"""Answers kept at most. With more composites than that, the others are composed anew."""

KEPT_BYTES: Final = 50_000_000
"""Questions, answers and traces kept at most: that many ordinary ones."""


class Remembered(Struct, frozen=True):
    """An answer and what it was made from.

    Attributes:
        kind: Kind of the composite resource.
        trace: What was read, and how it read.
        response: The response without its tag, which differs each time.
    """

    kind: str
    trace: Trace
    response: bytes


def size_of(question: Question, answer: Remembered) -> int:
    """Bytes that the two take, less what Python adds."""
    return sum(map(len, question)) + answer.trace.size() + len(answer.response)


class Memory:
    """A bounded store of answers; any thread may use it."""

    def __init__(self, size: int = ANSWERS, kept_bytes: int = KEPT_BYTES) -> None:
        self._size = size
        self._kept_bytes = kept_bytes
        self._bytes = 0
        self._answers: OrderedDict[Question, Remembered] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._answers)

    def recall(self, question: Question, state: RequestState) -> Remembered | None:
        """The answer to that question, if the state reads as it did then."""
        with self._lock:
            remembered = self._answers.get(question)
            if remembered is not None:
                self._answers.move_to_end(question)
        if remembered is None or not state.reads_as(remembered.trace):
            return None
        return remembered

    def remember(self, question: Question, answer: Remembered) -> None:
        """Keeps an answer in place of the one that the question had."""
        with self._lock:
            earlier = self._answers.pop(question, None)
            self._bytes += size_of(question, answer) - (size_of(question, earlier) if earlier else 0)
            self._answers[question] = answer
            while len(self._answers) > self._size or self._bytes > self._kept_bytes:
                self._bytes -= size_of(*self._answers.popitem(last=False))

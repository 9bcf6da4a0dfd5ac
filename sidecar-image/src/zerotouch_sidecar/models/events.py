"""Reads a stream of server-sent events on its way through: finds its usage, and takes out what the agent did not ask for."""

import re
from typing import Final

from zerotouch_sidecar.models.amounts import Usage
from zerotouch_sidecar.models.usage import LAST_BYTES, MARK, combined, find_last_usage, find_usage

HELD_BYTES: Final = 1024 * 1024
"""An event that is longer passes as it comes, and only its end is looked at."""

_ENDS: Final = (b"\n\n", b"\n\r\n", b"\r\r")
_PART_OF_END: Final = max(map(len, _ENDS)) - 1

_FAILED: Final = re.compile(rb'(?:\A|[\r\n])(?:event: ?(?:error|response\.failed)[\r\n]|data: ?\{ ?"error": ?[{"])')
"""How a provider says in a stream that it failed: each surface in its own way. No text looks like it, as line ends in texts are escaped."""

_WRONG_REQUEST: Final = re.compile(
    rb'"(?:type|code)": ?(?:"(?:invalid_request_error|invalid_prompt|context_length_exceeded|BadRequestError)"|4(?:00|13|22)\b)'
)
_LIMIT_REACHED: Final = re.compile(rb'"(?:type|code)": ?(?:"(?:rate_limit_e\w+|insufficient_quota)"|429\b)')
"""What is no fault of the provider's own, as OpenAI, Anthropic and vLLM call it. Outside of a stream it is told by the status."""


class EventReader:
    """Takes the pieces of a stream in order and gives back what to send on: whole events, since SDKs fail on the half of one.

    Args:
        drops_usage: Whether chunks that hold nothing but usage are taken out.
    """

    def __init__(self, *, drops_usage: bool = False) -> None:
        self.usage: Usage | None = None
        self.events = 0
        """Events that were seen, which is about how many tokens were written."""

        self.is_told = False
        """Whether the stream said what it used in all, and not only what its input was."""

        self.failure = 0
        """The status that tells what the provider said of its failure; 0: it said nothing."""

        self.is_mid_event = False
        """Whether what was sent on ends within an event, which was too long to hold."""

        self._drops = drops_usage
        self._tail = b""
        self._last = b""

    def feed(self, piece: bytes) -> bytes:
        """Takes a piece; returns what to send on, which may be nothing."""
        held = self._tail + piece if self._tail else piece
        if self.is_mid_event:
            return self._go_on(held)
        end = _last_end(held, max(0, len(self._tail) - _PART_OF_END))
        whole, self._tail = held[:end], held[end:]
        kept = self._read(whole) if whole else b""
        if len(self._tail) <= HELD_BYTES:
            return kept
        self.is_mid_event = True
        self.events += _data_lines(self._tail)
        return kept + self._go_on(self._tail)

    def finish(self) -> bytes:
        """Takes the end of the stream; returns what was held back."""
        rest, self._tail = self._tail, b""
        return self._read(rest) if rest else b""

    def _go_on(self, held: bytes) -> bytes:
        """Lets an event pass that is too long to hold, up to its end."""
        end = _next_end(held)
        passed, self._tail = (held[:-_PART_OF_END], held[-_PART_OF_END:]) if end is None else (held[:end], b"")
        self._last = (self._last + passed)[-LAST_BYTES:]
        if end is None:
            return passed
        usage, self._last, self.is_mid_event = find_last_usage(self._last), b"", False
        if usage is not None:
            self.usage, self.is_told = combined(self.usage, usage), True
        return passed + self.feed(held[end:])

    def _read(self, whole: bytes) -> bytes:
        if b"error" in whole and (failed := _FAILED.search(whole)):
            self.failure = self.failure or _status(whole[failed.start() :])
        if MARK not in whole:
            self.events += _data_lines(whole)
            return whole
        events = _split(whole)
        return b"".join([event for event in events if not self._is_dropped(event)])

    def _is_dropped(self, event: bytes) -> bool:
        self.events += _data_lines(event)
        if MARK not in event:
            return False
        found = find_usage(_data(event))
        if found is None:
            return False
        self.usage = combined(self.usage, found.usage)
        self.is_told = self.is_told or not found.is_start
        if self._drops and found.has_no_choices:
            self.events -= 1
            return True
        return False


def failure_at_start(piece: bytes) -> tuple[int, bytes] | None:
    """Returns what a provider says of its failure, after the status that tells the same, if that is what a stream begins with."""
    return (_status(piece), _data(piece[: _next_end(piece) or 0])) if _FAILED.match(piece) else None


def _status(failure: bytes) -> int:
    return 400 if _WRONG_REQUEST.search(failure) else 429 if _LIMIT_REACHED.search(failure) else 502


def _data(event: bytes) -> bytes:
    return b"\n".join([line[5:].removeprefix(b" ") for line in event.splitlines() if line.startswith(b"data:")])


def _data_lines(events: bytes) -> int:
    return events.count(b"\ndata:") + events.count(b"\rdata:") + events.startswith(b"data:")


def _last_end(held: bytes, start: int) -> int:
    """Returns where the last whole event ends: after an empty line, which is not before the start."""
    if held.endswith(_ENDS):  # as most pieces do
        return len(held)
    return max((at + len(mark) for mark in _ENDS if (at := held.rfind(mark, start)) >= 0), default=0)


def _next_end(held: bytes, start: int = 0) -> int | None:
    """Returns where the first whole event ends."""
    return min((at + len(mark) for mark in _ENDS if (at := held.find(mark, start)) >= 0), default=None)


def _split(whole: bytes) -> list[bytes]:
    events: list[bytes] = []
    start = 0
    while start < len(whole):
        end = _next_end(whole, start) or len(whole)
        events.append(whole[start:end])
        start = end
    return events

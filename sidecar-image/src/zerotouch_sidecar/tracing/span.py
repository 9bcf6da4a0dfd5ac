"""A span, and its place in a W3C trace."""

import random
import re
import time
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

_traceparent: Final = re.compile(rb"^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$")
_ids: Final = random.Random()  # noqa: S311  # ids must differ, not be secret


class Kind(IntEnum):
    """On which side of a call the span is."""

    SERVER = 2
    CLIENT = 3


@dataclass(slots=True)
class Span:
    """Something that took time.

    Attributes:
        is_sampled: It is told to the collector.
        error: What went wrong, as a word; empty: nothing.
    """

    name: str
    kind: Kind
    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    is_sampled: bool
    start_ns: int
    end_ns: int = 0
    error: str = ""
    attributes: dict[str, str | int | float] = field(default_factory=dict)

    @property
    def traceparent(self) -> bytes:
        """What the next program is told."""
        return b"00-%b-%b-%b" % (self.trace_id, self.span_id, b"01" if self.is_sampled else b"00")


def begin(name: str, kind: Kind, traceparent: bytes | None, sample_ratio: float) -> Span:
    """A span that begins now, below the caller's; a new trace where the caller has none that holds."""
    parent = _traceparent.match(traceparent) if traceparent else None
    if parent is not None:
        trace_id, parent_id, is_sampled = parent[1], parent[2], bool(int(parent[3], 16) & 1)
    else:
        trace_id, parent_id, is_sampled = new_id(), b"", sample_ratio > 0 and _ids.random() < sample_ratio
    return Span(name, kind, trace_id, b"%016x" % (_ids.getrandbits(64) or 1), parent_id, is_sampled, time.time_ns())


def new_id() -> bytes:
    """32 hexadecimal digits that nothing else has."""
    return b"%032x" % (_ids.getrandbits(128) or 1)

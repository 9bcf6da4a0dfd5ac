"""What an answer was made from: every read of the observed state, recorded while it happens.

`compose` is pure, so what it reads decides what it answers. A later request in which all of that reads the same gets the same answer
(`memory.py`). Reads are recorded two levels deep, as `deployment.status.conditions`: fine enough that what nobody looks at does
not matter, and coarse enough that looking again is a handful of comparisons.
"""

from collections.abc import Callable, Iterator, Mapping, Sized
from typing import Any, Final

from zerotouch_function.protocol.structs import ABSENT, Fields, canonical_fields, canonical_value, object_in
from zerotouch_function.protocol.view import View

WHOLE: Final = "*"
"""In place of a field: all of them were read."""

FILLED: Final = "?"
"""In place of a field: whether there are any was read."""

ITSELF: Final = ""
"""In place of a section: the object's own fields."""

Reads = dict[str, bytes]
"""What was read of one part of an object: bytes by field, as they came or in canonical order."""


class Trace:
    """Everything that was read of a request beside its question.

    Attributes:
        exists: By an observed object's key, whether it was there.
        parts: What was read of the observed objects, by key and section.
        others: Fingerprints of what is read as a whole, by name.
    """

    __slots__ = ("exists", "others", "parts")

    def __init__(self) -> None:
        self.exists: dict[str, bool] = {}
        self.parts: dict[str, dict[str, Reads]] = {}
        self.others: dict[str, bytes] = {}

    def size(self) -> int:
        """Bytes kept."""
        parts = (reads for sections in self.parts.values() for reads in sections.values())
        reads = sum(len(field) + len(read) for part in parts for field, read in part.items())
        return reads + sum(map(len, self.others.values()))

    def reads_same(self, object_of: Callable[[str], Fields]) -> bool:
        """Whether all that was read of observed objects, which all exist, still reads as it did. Raises one of DAMAGE, or RequestError."""
        for key, sections in self.parts.items():
            fields = object_of(key)
            for section, reads in sections.items():
                part = fields if section == ITSELF else object_in(fields, section)
                if part is None or not _reads_same(part, reads):
                    return False
        return True


def _reads_same(fields: Fields, reads: Reads) -> bool:
    """A loop without helpers: it runs for every request, and for every field that was read."""
    for field, read in reads.items():
        if field in (WHOLE, FILLED):
            now = canonical_fields(fields) if field == WHOLE else _filled(fields)
        else:
            now = fields.get(field, ABSENT)
            if now != read:  # or the same in another order
                now = canonical_value(now)
        if now != read and not _is_reordered(reads, field, now):
            return False
    return True


def _is_reordered(reads: Reads, field: str, now: bytes) -> bool:
    """Whether what was read is the same in another order. What is in canonical order is found at once from then on."""
    if field in (WHOLE, FILLED):
        return False
    reads[field] = canonical_value(reads[field])
    return reads[field] == now


class Traced(Mapping[str, Any]):
    """A view that writes down what is read of it."""

    __slots__ = ("_known", "_object", "_reads", "_section", "_trace", "_view")

    def __init__(self, view: View, trace: Trace, key: str, section: str = ITSELF) -> None:
        self._view = view
        self._trace = trace
        self._object = key
        self._section = section
        self._known: dict[str, Any] = {}
        self._reads = trace.parts.setdefault(key, {}).setdefault(section, {})

    def get(self, key: str, default: Any = None) -> Any:
        if key not in self._known:
            self._look(key)
        value = self._known[key]
        return default if value is NOTHING else value

    def __getitem__(self, key: str) -> Any:
        value = self.get(key, NOTHING)
        if value is NOTHING:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        self._reads[WHOLE] = self._view.whole_fingerprint()
        return iter(self._view)

    def __len__(self) -> int:
        self._reads[WHOLE] = self._view.whole_fingerprint()
        return len(self._view)

    def __bool__(self) -> bool:
        self._reads[FILLED] = _filled(self._view)
        return bool(self._view)

    def _look(self, key: str) -> None:
        value = self._view.get(key, NOTHING)
        if self._section == ITSELF and type(value) is View:
            self._known[key] = Traced(value, self._trace, self._object, key)
            return
        self._known[key] = value
        self._reads[key] = self._view.fields.get(key, ABSENT)


NOTHING: Final = object()
"""In place of a value where there is none."""


def _filled(fields: Sized) -> bytes:
    return b"filled" if len(fields) else b""

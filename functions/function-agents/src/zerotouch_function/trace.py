"""What an answer was made from: every read of the observed state, recorded while it happens.

`compose` is pure, so what it reads decides what it answers. A later request in which all of that reads the same gets the same answer
(`memory.py`). Reads are recorded two levels deep, as `deployment.status.conditions`: fine enough that what nobody looks at does
not matter, and coarse enough that looking again is a handful of comparisons.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from zerotouch_function.view import View

WHOLE: Final = "*"
"""In place of a field: all of them were read."""

FILLED: Final = "?"
"""In place of a field: whether there are any was read."""

ITSELF: Final = ""
"""In place of a section: the object's own fields."""

Reads = dict[str, bytes]
"""What was read of one part of an object: bytes by field, equal exactly when what they stand for is."""


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
        self.parts: dict[tuple[str, str], Reads] = {}
        self.others: dict[str, bytes] = {}

    def size(self) -> int:
        """Bytes kept."""
        reads = sum(len(field) + len(read) for part in self.parts.values() for field, read in part.items())
        return reads + sum(map(len, self.others.values()))

    def reads_same(self, view_of: Callable[[str], View]) -> bool:
        """Whether everything that was read of observed objects, which all exist, still reads as it did."""
        return all(_part_reads_same(view_of(key), section, reads) for (key, section), reads in self.parts.items())


def _part_reads_same(view: View, section: str, reads: Reads) -> bool:
    part = view if section == ITSELF else view.part(section)
    if part is None:
        return False
    for field, read in reads.items():
        if field in (WHOLE, FILLED):
            now = part.whole_fingerprint() if field == WHOLE else _filled(part)
        else:
            now = part.closed(field)
            if now != read:  # or the same in another order
                now = part.fingerprint(field)
        if now != read:
            return False
    return True


class Traced(Mapping[str, Any]):
    """A view that writes down what is read of it."""

    __slots__ = ("_known", "_object", "_reads", "_section", "_trace", "_view")

    def __init__(self, view: View, trace: Trace, key: str, section: str = ITSELF) -> None:
        self._view = view
        self._trace = trace
        self._object = key
        self._section = section
        self._known: dict[str, Any] = {}
        self._reads = trace.parts.setdefault((key, section), {})

    def get(self, key: str, default: Any = None) -> Any:
        if key not in self._known:
            self._look(key)
        return self._known[key] if self._known[key] is not ABSENT else default

    def __getitem__(self, key: str) -> Any:
        value = self.get(key, ABSENT)
        if value is ABSENT:
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
        value = self._view[key] if key in self._view else ABSENT  # noqa: SIM401  # a view's get would cost an exception
        if self._section == ITSELF and isinstance(value, View):
            self._known[key] = Traced(value, self._trace, self._object, key)
            return
        self._known[key] = value
        self._reads[key] = self._view.fingerprint(key)


ABSENT: Final = object()
"""In place of a value where there is none."""


def _filled(view: View) -> bytes:
    return b"filled" if len(view) else b""

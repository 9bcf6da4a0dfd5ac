"""What an answer was made from: every read of the observed state, recorded while it happens.

`compose` is pure, so what it reads decides what it answers. A later request in which all of that reads the same gets the same answer
(`memory.py`). Reads are recorded two levels deep, as `deployment.status.conditions`: fine enough that what nobody looks at does
not matter, and coarse enough that looking again is a handful of comparisons.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from zerotouch_function.structs import View

Path: TypeAlias = tuple[str, ...]
"""Where something was read: `observed`, a composed object's key, a section of it, a field of that."""

Trace: TypeAlias = dict[Path, bytes]
"""What was read there, as bytes that are equal exactly when the content is."""

WHOLE: Final = "*"
"""In place of a field: all of them were read."""

FILLED: Final = "?"
"""In place of a field: whether there are any was read."""

DEPTH: Final = 4
"""Parts of a path that leads to a field."""


class Traced(Mapping[str, Any]):
    """A view that writes down what is read of it."""

    __slots__ = ("_path", "_trace", "_view")

    def __init__(self, view: View, path: Path, trace: Trace) -> None:
        self._view = view
        self._path = path
        self._trace = trace

    def __getitem__(self, key: str) -> Any:
        path = (*self._path, key)
        value = self._view.get(key)
        if isinstance(value, View) and len(path) < DEPTH:
            return Traced(value, path, self._trace)
        self._trace[path] = self._view.fingerprint(key)
        return self._view[key] if value is None else value

    def __iter__(self) -> Iterator[str]:
        self._trace[*self._path, WHOLE] = self._view.whole_fingerprint()
        return iter(self._view)

    def __len__(self) -> int:
        self._trace[*self._path, WHOLE] = self._view.whole_fingerprint()
        return len(self._view)

    def __bool__(self) -> bool:
        self._trace[*self._path, FILLED] = _filled(self._view)
        return bool(self._view)


def fingerprint(view: View, path: Path) -> bytes:
    """What a read at that path of an object would record; the path begins below the object's key."""
    *sections, field = path
    for section in sections:
        inner = view.get(section)
        if not isinstance(inner, View):
            return view.fingerprint(section)
        view = inner
    if field == WHOLE:
        return view.whole_fingerprint()
    return _filled(view) if field == FILLED else view.fingerprint(field)


def _filled(view: View) -> bytes:
    return b"filled" if len(view) else b""

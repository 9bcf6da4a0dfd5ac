"""An observed object, opened only where somebody looks."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from zerotouch_function.structs import (
    DAMAGE,
    LIST,
    OBJECT,
    canonical,
    canonical_value,
    check_depth,
    damaged,
    fields_of,
    items_of,
    opened,
    plain,
    scalar,
)

ABSENT: Final = b""
"""In place of a closed value where there is none. An empty value reads the same."""


class View(Mapping[str, Any]):
    """An object opened one level at a time. Nested objects come as further views, lists as lists of them.

    Args:
        struct: The closed object.
        field: Where in the request it lies, for the error that a damaged part of it raises when somebody looks there.
        depth: How many objects and lists it lies in.
    """

    __slots__ = ("_depth", "_field", "_fields", "_read", "_struct")

    def __init__(self, struct: bytes, field: str = "object", depth: int = 0) -> None:
        self._field = field
        self._depth = depth
        self._struct = struct
        self._read: dict[str, Any] = {}
        try:
            self._fields = fields_of(struct)
        except DAMAGE as error:
            raise damaged(field) from error

    def __getitem__(self, key: str) -> Any:
        if key not in self._read:
            if key not in self._fields:  # reading a protobuf map by index would create the entry
                raise KeyError(key)
            self._read[key] = self._open(self._fields[key], self._depth + 1)
        return self._read[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def part(self, key: str) -> "View | None":
        """The object in that field; None where there is none, or something else."""
        value = self[key] if key in self._fields else None
        return value if isinstance(value, View) else None

    def may_be_object(self, key: str) -> bool:
        """Whether the field is an object, or there is none."""
        return key not in self._fields or self._fields[key][:1] == b"\x2a"

    def closed(self, key: str) -> bytes:
        """The field's closed value; ABSENT where there is none."""
        return self._fields.get(key, ABSENT)

    def fingerprint(self, key: str) -> bytes:
        """Bytes that are equal exactly when the field is."""
        return canonical_value(self.closed(key), self._field)

    def whole_fingerprint(self) -> bytes:
        """Bytes that are equal exactly when the whole object is."""
        return canonical(self._struct, self._field)

    def plain(self, key: str) -> Any:
        """The field as plain dictionaries and lists, opened to the bottom."""
        try:
            return plain(self._fields[key])
        except DAMAGE as error:
            raise damaged(self._field) from error

    def _open(self, value: bytes, depth: int) -> Any:
        try:
            kind, inner = opened(value)
            check_depth(depth)
            if kind == OBJECT:
                return View(inner, self._field, depth)
            if kind == LIST:
                return [self._open(item, depth + 1) for item in items_of(inner)]
            return scalar(kind, inner)
        except DAMAGE as error:
            raise damaged(self._field) from error

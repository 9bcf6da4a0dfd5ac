"""An observed object, opened only where somebody looks."""

from collections.abc import Iterator, Mapping
from typing import Any

from zerotouch_function.structs import (
    ABSENT,
    DAMAGE,
    LIST,
    OBJECT,
    Fields,
    canonical_fields,
    canonical_value,
    check_depth,
    damaged,
    fields_of,
    items_of,
    opened,
    plain,
    scalar,
)


class View(Mapping[str, Any]):
    """An object opened one level at a time. Nested objects come as further views, lists as lists of them.

    Args:
        fields: The object's fields, closed.
        field: Where in the request it lies, for the error that a damaged part of it raises when somebody looks there.
        depth: How many objects and lists it lies in.
    """

    __slots__ = ("_depth", "_field", "_read", "fields")

    def __init__(self, fields: Fields, field: str = "object", depth: int = 0) -> None:
        self._field = field
        self._depth = depth
        self._read: dict[str, Any] = {}
        self.fields = fields

    def __getitem__(self, key: str) -> Any:
        if key not in self._read:
            if key not in self.fields:  # reading a protobuf map by index would create the entry
                raise KeyError(key)
            self._read[key] = self._open(self.fields[key], self._depth + 1)
        return self._read[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def fingerprint(self, key: str) -> bytes:
        """Bytes that are equal exactly when the field is."""
        return canonical_value(self.fields.get(key, ABSENT), self._field)

    def whole_fingerprint(self) -> bytes:
        """Bytes that are equal exactly when the whole object is."""
        return canonical_fields(self.fields, self._field)

    def plain(self, key: str) -> Any:
        """The field as plain dictionaries and lists, opened to the bottom."""
        try:
            return plain(self.fields[key])
        except DAMAGE as error:
            raise damaged(self._field) from error

    def _open(self, value: bytes, depth: int) -> Any:
        try:
            kind, inner = opened(value)
            check_depth(depth)
            if kind == OBJECT:
                return View(fields_of(inner), self._field, depth)
            if kind == LIST:
                return [self._open(item, depth + 1) for item in items_of(inner)]
            return scalar(kind, inner)
        except DAMAGE as error:
            raise damaged(self._field) from error

"""An observed object, opened only where somebody looks."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from crossplane.function.proto.v1 import run_function_pb2 as v1

from zerotouch_function.errors import RequestError
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.structs import (
    DAMAGE,
    KNOWN_BYTES,
    LIST,
    OBJECT,
    Fields,
    canonical_fields,
    check_depth,
    damaged,
    fields_of,
    known_plain,
    opened,
    scalar,
)

CALLER: Final = "call this function from a step of a Composition"
AN_OBJECT: Final = bytes([OBJECT])
"""First byte of a closed value that is an object."""

HAVE_PARTS: Final = (AN_OBJECT, bytes([LIST]))


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
        if key not in self.fields:  # reading a protobuf map by index would create the entry
            raise KeyError(key)
        return self.get(key)

    def get(self, key: str, default: Any = None) -> Any:
        if key in self._read:
            return self._read[key]
        value = self.fields.get(key)
        if value is None:
            return default
        read = self._read[key] = self._open(value, self._depth + 1)
        return read

    def __contains__(self, key: object) -> bool:
        return key in self.fields

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def whole_fingerprint(self) -> bytes:
        """Bytes that are equal exactly when the whole object is."""
        return canonical_fields(self.fields, self._field)

    def _open(self, value: bytes, depth: int) -> Any:
        try:
            if value[:1] not in HAVE_PARTS and len(value) <= KNOWN_BYTES:
                return known_plain(value)
            kind, inner = opened(value)
            check_depth(depth)
            if kind == OBJECT:
                return View(inner, self._field, depth)
            if kind == LIST:
                return [self._open(item, depth + 1) for item in inner]
            return scalar(kind, inner)
        except DAMAGE as error:
            raise damaged(self._field) from error


def object_fields(resource: v1.Resource, field: str) -> Fields:
    """The fields of a Kubernetes object, which has the shape that every one has. Raises DecodeError, or RequestError for another shape."""
    struct = wire.resource_struct(resource)
    if not struct:
        raise RequestError(field, "is missing", CALLER)
    fields = fields_of(struct)
    for part in ("metadata", "spec", "status"):
        if fields.get(part, AN_OBJECT)[:1] != AN_OBJECT:
            raise RequestError(f"{field}.{part}", "is not an object", CALLER)
    return fields

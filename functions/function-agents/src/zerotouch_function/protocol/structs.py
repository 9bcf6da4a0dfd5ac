"""Kubernetes objects between `google.protobuf.Struct`, as closed bytes, and Python dictionaries.

Numbers in a Struct are doubles: whole ones are read as int, so that `replicas: 3` stays 3 and not 3.0. A `null` field is read as
None; written, it is left out, because server-side apply would otherwise send the null to the cluster.

The generated classes make a Python object for every value, which costs more than all of the composing. Here protobuf splits an object
into its fields (`fields_of`) and leaves each value closed:

    0a 14   0a 08 "replicas"   12 09   11 00 00 00 00 00 00 08 40
    field   its name           its value: kind 11, a number, 3.0

What a value is stands in its first byte, and most values are short, so reading and writing them is cutting and joining bytes. A value
in an unusual form, which no library writes, is left to protobuf.
"""

from collections.abc import Mapping
from functools import lru_cache
from struct import Struct as Layout
from typing import Any, Final, TypeAlias

from google.protobuf import struct_pb2
from google.protobuf.message import DecodeError
from msgspec.msgpack import encode as pack

from zerotouch_function.errors import RequestError
from zerotouch_function.manifest import Manifest
from zerotouch_function.protocol.wire import closed_messages

EXACT: Final = 2.0**53
"""From here on a double skips whole numbers."""

DEEPEST: Final = 32
"""Objects and lists inside each other; protobuf itself gives up soon after."""

UNREAD_METADATA: Final = frozenset({"managedFields"})
"""Who owns which field: half of an object's bytes. A composition asks it of a field of its own objects at most (`ownership.py`)."""

NULL, NUMBER, TEXT, FLAG, OBJECT, LIST = 0x08, 0x11, 0x1A, 0x20, 0x2A, 0x32
"""First byte of a closed value: the field of google.protobuf.Value that it has, and how that is written."""

KINDS: Final = {"string_value": TEXT, "struct_value": OBJECT, "list_value": LIST, "bool_value": FLAG, "number_value": NUMBER}
DOUBLE: Final = Layout("<d")
KNOWN: Final = 2048
"""Small values that are kept, opened and closed: most claims differ in a few fields only."""

KNOWN_BYTES: Final = 256
"""Longest value that is kept opened."""

KNOWN_DEPTH: Final = 4
"""Deepest value that is kept opened."""

SHORT: Final = 128
"""Lengths below it take one byte."""

_closed = closed_messages(struct_pb2.DESCRIPTOR, {".google.protobuf.Value"})
_Fields: Final[Any] = _closed["google.protobuf.Struct"]
_Value: Final[Any] = _closed["google.protobuf.Value"]

Fields: TypeAlias = Mapping[str, bytes]
"""An object's fields, closed. Iterating over the keys is fast; over items, Python asks for each key again."""

ABSENT: Final = b""
"""In place of a closed value where there is none. An empty value reads the same."""

DAMAGE: Final = (DecodeError, UnicodeDecodeError)
"""What reading damaged bytes raises."""


def fields_of(struct: bytes) -> Fields:
    """The fields of an object, closed. Raises DecodeError."""
    fields: Fields = _Fields.FromString(struct).fields
    return fields


def object_in(fields: Fields, key: str) -> Fields | None:
    """The fields of the object in a field; None where there is none, or something else. Raises DecodeError."""
    if key not in fields:
        return None
    value = _Value.FromString(fields[key])
    return value.struct_value.fields if value.HasField("struct_value") else None


def opened(value: bytes) -> tuple[int, Any]:
    """The kind of a closed value, and what is in it: an object's fields, a list's items, the bytes of a scalar. Raises DecodeError."""
    size = len(value)
    if size > 1:
        kind, length, start = value[0], value[1], 2
        if length >= SHORT and size > 2:
            length, start = length & 127 | value[2] << 7, 3
        if kind == TEXT and start + length == size and value[start - 1] < SHORT:
            return kind, value[start:]
        if (kind == NUMBER and size == 9) or (kind == FLAG and size == 2 and length < SHORT):
            return kind, value[1:]
    return _opened_by_protobuf(value)


def _opened_by_protobuf(value: bytes) -> tuple[int, Any]:
    message = _Value.FromString(value)
    kind = KINDS.get(message.WhichOneof("kind") or "", NULL)
    if kind == OBJECT:
        return kind, message.struct_value.fields
    if kind == LIST:
        return kind, message.list_value.values
    if kind == TEXT:
        return kind, message.string_value.encode()
    return (kind, DOUBLE.pack(message.number_value)) if kind == NUMBER else (kind, bytes([message.bool_value]))


def plain(value: bytes, depth: int = 0) -> Any:
    """A closed value as Python has it, opened to the bottom. Raises one of DAMAGE."""
    kind, inner = opened(value)
    if kind == TEXT:
        return inner.decode()
    if kind in (OBJECT, LIST):
        check_depth(depth)
        return [plain(item, depth + 1) for item in inner] if kind == LIST else plain_fields(inner, depth + 1)
    return scalar(kind, inner)


@lru_cache(KNOWN)
def known_plain(value: bytes) -> Any:
    """The same for a small value, which many claims share. Nobody changes what was read."""
    return plain(value, KNOWN_DEPTH)


def plain_fields(fields: Fields, depth: int = 0) -> Manifest:
    """An object's fields as Python has them, opened to the bottom. Raises one of DAMAGE."""
    if depth > KNOWN_DEPTH:
        return {key: plain(fields[key], depth) for key in fields}
    return {key: plain(value, depth) if len(value := fields[key]) > KNOWN_BYTES else known_plain(value) for key in fields}


def check_depth(depth: int) -> None:
    """Raises DecodeError where objects and lists lie too deep inside each other."""
    if depth > DEEPEST:
        raise DecodeError("nested too deep")


def scalar(kind: int, inner: bytes) -> str | int | float | bool | None:
    """A value that has no parts. Raises one of DAMAGE."""
    if kind == TEXT:
        return inner.decode()
    if kind == FLAG:
        return inner != b"\x00"
    if kind == NUMBER:
        number: float = DOUBLE.unpack(inner)[0]
        return int(number) if abs(number) < EXACT and number.is_integer() else number
    return None


def decode(struct: bytes) -> Manifest:
    """Opens a whole object. Raises one of DAMAGE."""
    return plain_fields(fields_of(struct))


def decode_object(struct: bytes, field: str) -> Manifest:
    """Opens a Kubernetes object, all but the part of its metadata that nobody reads.

    Args:
        struct: The closed object.
        field: Where in the request it lies, for the error.

    Raises:
        RequestError: The object is damaged.
    """
    try:
        fields = fields_of(struct)
        manifest = {key: plain(fields[key]) for key in fields if key != "metadata"}
        if "metadata" not in fields:
            return manifest
        kind, inner = opened(fields["metadata"])
        if kind != OBJECT:
            return {**manifest, "metadata": plain(fields["metadata"])}
        return {**manifest, "metadata": {key: plain(inner[key]) for key in inner if key not in UNREAD_METADATA}}
    except DAMAGE as error:
        raise damaged(field) from error


def canonical(struct: bytes, field: str = "object") -> bytes:
    """The same object in the one order of fields that equal objects share: Go writes maps in a random one.

    Raises:
        RequestError: The object, which is that field of the request, is damaged.
    """
    try:
        return struct_pb2.Struct.FromString(struct).SerializeToString(deterministic=True)
    except DecodeError as error:
        raise damaged(field) from error


def canonical_value(value: bytes, field: str = "object") -> bytes:
    """The same for a closed value. Only objects and lists have an order."""
    if value[:1] not in (b"\x2a", b"\x32"):
        return value
    try:
        return struct_pb2.Value.FromString(value).SerializeToString(deterministic=True)
    except DecodeError as error:
        raise damaged(field) from error


def canonical_fields(fields: Fields, field: str = "object") -> bytes:
    """Bytes that are equal exactly when the whole object is; raises as `canonical` does."""
    return pack([(key, canonical_value(fields[key], field)) for key in sorted(fields)])


def damaged(field: str) -> RequestError:
    """The error for an object whose bytes cannot be read."""
    return RequestError(field, "the object's bytes are damaged", "send it as a google.protobuf.Struct, nested 30 deep at most")

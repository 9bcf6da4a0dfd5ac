"""Kubernetes objects between `google.protobuf.Struct`, as closed bytes, and Python dictionaries.

Numbers in a Struct are doubles: whole ones are read as int, so that `replicas: 3` stays 3 and not 3.0. A `null` field is read as
None; written, it is left out, because server-side apply would otherwise send the null to the cluster.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from google.protobuf import struct_pb2
from google.protobuf.message import DecodeError

from zerotouch_function.errors import RequestError
from zerotouch_function.manifest import Manifest
from zerotouch_function.wire import STRUCT, closed_messages

EXACT: Final = 2.0**53
"""From here on a double skips whole numbers."""

UNREAD_METADATA: Final = frozenset({"managedFields"})
"""Who owns which field: half of an observed object's bytes, and of no use to a composition."""

_level = closed_messages(struct_pb2.DESCRIPTOR, {STRUCT, ".google.protobuf.ListValue"})
_Level: Final = cast("type[struct_pb2.Struct]", _level["google.protobuf.Struct"])
"""One level of an object: its fields, with nested objects and lists closed."""


def encode(manifest: Mapping[str, Any]) -> bytes:
    """Closes a dictionary; equal ones give equal bytes in every process.

    Raises:
        TypeError: Something in it cannot be written as JSON.
    """
    struct = struct_pb2.Struct()
    _fill_struct(struct, manifest)
    return struct.SerializeToString(deterministic=True)


def decode(struct: bytes) -> Manifest:
    """Opens a whole object.

    Raises:
        DecodeError: The bytes are no Struct, or are nested more than 33 levels deep (protobuf's limit of 100 messages).
    """
    return _from_struct(struct_pb2.Struct.FromString(struct))


def decode_object(struct: bytes, field: str) -> Manifest:
    """Opens a Kubernetes object, all but the part of its metadata that nobody reads.

    Args:
        struct: The closed object.
        field: Where in the request it lies, for the error.

    Raises:
        RequestError: The object is damaged.
    """
    try:
        view = View(struct, field)
        opened = {key: view.plain(key) for key in view if key != "metadata"}
        metadata = view.get("metadata")
        if isinstance(metadata, View):
            metadata = {key: metadata.plain(key) for key in metadata if key not in UNREAD_METADATA}
        return opened if metadata is None else {**opened, "metadata": metadata}
    except DecodeError as error:
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


class View(Mapping[str, Any]):
    """An object opened one level at a time, as far as somebody looks.

    Nested objects come as further views, lists as lists of them.

    Args:
        struct: The closed object.
        field: Where in the request it lies, for the error that a damaged part of it raises when somebody looks there.
    """

    __slots__ = ("_field", "_fields", "_inner", "_struct")

    def __init__(self, struct: bytes, field: str = "object") -> None:
        self._field = field
        self._struct = struct
        self._inner: dict[str, View] = {}
        try:
            self._fields = _Level.FromString(struct).fields
        except DecodeError as error:
            raise damaged(field) from error

    def __getitem__(self, key: str) -> Any:
        if key not in self._fields:  # reading a protobuf map by index would create the entry
            raise KeyError(key)
        value = self._fields[key]
        if not value.HasField("struct_value"):
            return _view(value, self._field)
        if key not in self._inner:
            self._inner[key] = View(cast("bytes", value.struct_value), self._field)
        return self._inner[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def may_be_object(self, key: str) -> bool:
        """Whether the field is an object, or there is none."""
        return key not in self._fields or self._fields[key].HasField("struct_value")

    def fingerprint(self, key: str) -> bytes:
        """Bytes that are equal exactly when the field is; empty where there is none. Opens nothing in Python."""
        if key not in self._fields:
            return b""
        value = self._fields[key]
        kind = value.WhichOneof("kind")
        if kind == "struct_value":
            return b"{" + canonical(cast("bytes", value.struct_value), self._field)
        if kind == "list_value":
            return b"[" + _canonical_list(cast("bytes", value.list_value), self._field)
        return value.SerializeToString()

    def whole_fingerprint(self) -> bytes:
        """Bytes that are equal exactly when the whole object is."""
        return canonical(self._struct, self._field)

    def plain(self, key: str) -> Any:
        """The field as plain dictionaries and lists, opened to the bottom."""
        value = self._fields[key]
        kind = value.WhichOneof("kind")
        if kind == "struct_value":
            return decode(cast("bytes", value.struct_value))
        if kind == "list_value":
            return [_from_value(item) for item in struct_pb2.ListValue.FromString(cast("bytes", value.list_value)).values]
        return _scalar(value, kind)


def _canonical_list(closed: bytes, field: str) -> bytes:
    try:
        return struct_pb2.ListValue.FromString(closed).SerializeToString(deterministic=True)
    except DecodeError as error:
        raise damaged(field) from error


def _view(value: struct_pb2.Value, field: str) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return View(cast("bytes", value.struct_value), field)
    if kind == "list_value":
        try:
            items = _Items.FromString(cast("bytes", value.list_value)).values
        except DecodeError as error:
            raise damaged(field) from error
        return [_view(item, field) for item in items]
    return _scalar(value, kind)


def damaged(field: str) -> RequestError:
    """The error for an object whose bytes cannot be read."""
    return RequestError(field, "the object's bytes are damaged", "send it as a google.protobuf.Struct, nested 30 deep at most")


_Items: Final = cast("type[struct_pb2.ListValue]", _level["google.protobuf.ListValue"])
"""A list, with nested objects and lists closed."""


def _from_struct(struct: struct_pb2.Struct) -> Manifest:
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "struct_value":
        return _from_struct(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    return _scalar(value, kind)


def _scalar(value: struct_pb2.Value, kind: str | None) -> str | int | float | bool | None:
    if kind == "string_value":
        return value.string_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if abs(number) < EXACT and number.is_integer() else number
    return None


def _fill_struct(struct: struct_pb2.Struct, manifest: Mapping[str, Any]) -> None:
    """Writes field by field: a third of the time of `Struct.update`, and an eighth of json_format's. Most of an object is text."""
    struct_fields = struct.fields
    for key, item in manifest.items():
        kind = type(item)
        if kind is str:
            struct_fields[key].string_value = item
        elif kind is dict:
            inner = struct_fields[key].struct_value
            inner.SetInParent()
            _fill_struct(inner, item)
        elif item is not None:
            _fill_value(struct_fields[key], item)


def _fill_value(value: struct_pb2.Value, item: Any) -> None:
    if isinstance(item, dict | View):
        value.struct_value.SetInParent()
        _fill_struct(value.struct_value, item)
    elif isinstance(item, str):
        value.string_value = item
    elif isinstance(item, list | tuple):
        value.list_value.SetInParent()
        add = value.list_value.values.add
        for element in item:
            _fill_value(add(), element)
    elif isinstance(item, bool):
        value.bool_value = item
    elif isinstance(item, int | float):
        value.number_value = item
    elif item is None:
        value.null_value = struct_pb2.NULL_VALUE
    else:
        raise TypeError(f"{type(item).__name__} cannot be written into a Kubernetes object")

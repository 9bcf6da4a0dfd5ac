"""Objects as Go writes them: the fields of every map in another order each time, so that no two requests have the same bytes."""

import random
from typing import Any

from google.protobuf import json_format, struct_pb2
from google.protobuf.internal.encoder import _VarintBytes as varint  # type: ignore[attr-defined]  # the stubs leave it out

Object = dict[str, Any]


def field(number: int, content: bytes) -> bytes:
    """A field that has a length."""
    written: bytes = varint(number << 3 | 2) + varint(len(content)) + content
    return written


def struct(manifest: Object) -> bytes:
    """The object as a google.protobuf.Struct."""
    fields = random.sample(sorted(manifest.items()), len(manifest))
    return b"".join(field(1, field(1, key.encode()) + field(2, value(item))) for key, item in fields)


def value(item: Any) -> bytes:
    """A field's value as a google.protobuf.Value."""
    if isinstance(item, dict):
        return field(struct_pb2.Value.STRUCT_VALUE_FIELD_NUMBER, struct(item))
    if isinstance(item, list):
        return field(struct_pb2.Value.LIST_VALUE_FIELD_NUMBER, b"".join(field(1, value(element)) for element in item))
    return json_format.ParseDict(item, struct_pb2.Value()).SerializeToString()

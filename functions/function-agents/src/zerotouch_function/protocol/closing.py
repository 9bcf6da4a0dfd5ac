"""Kubernetes objects from dictionaries to closed `google.protobuf.Struct` bytes: the way back from `structs.py`.

Of the objects that a claim becomes, most is the same for most claims: the probes, the security contexts, forty lines of environment
from Secrets. What was closed before is found by its content, so a new claim costs what is new in it, and `compose` knows nothing of it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from msgspec.msgpack import encode as pack

from zerotouch_function.protocol.structs import DOUBLE, KNOWN, SHORT

PACKED_BYTES: Final = 2048
"""Longest value, packed, that is kept closed."""

FEW: Final = 8
"""Fields of an object that may be kept closed, such as a claim's labels, which are in all of its objects."""

LARGE_FIELDS: Final = {"spec", "template", "image"}
"""What an object has that is a claim's own."""


def encode(manifest: Mapping[str, Any]) -> bytes:
    """Closes a dictionary; equal ones give equal bytes in every process.

    Raises:
        TypeError: Something in it cannot be written as JSON.
    """
    return b"".join([_entry(key, item) for key in sorted(manifest) if (item := manifest[key]) is not None])


def _entry(key: str | None, item: Any) -> bytes:
    """A field of an object; without a key, an item of a list."""
    kind = type(item)
    if (kind is str and len(item) < SHORT) or kind is bool or kind is int:
        return _scalar_entry(key, item)
    return _known_entry(key, item) if _may_be_known(item) else _new_entry(key, item)


@lru_cache(4096, typed=True)
def _scalar_entry(key: str | None, item: str | bool | int) -> bytes:
    """An entry without parts. The same names and values are in almost every object; floats are left out, for 0.0 equals -0.0."""
    return _new_entry(key, item)


def _may_be_known(item: Any) -> bool:
    """Whether it is worth a look: finding out what a large part of an object contains takes longer than closing it."""
    kind = type(item)
    if kind is list:
        return not item or type(item[0]) is not dict or _may_be_known(item[0])
    return kind is dict and len(item) <= FEW and LARGE_FIELDS.isdisjoint(item)


def _known_entry(key: str | None, item: Any) -> bytes:
    """Closes an object or a list that many claims share: one that was closed before is found by its exact content."""
    try:
        content = pack((key, item))
    except (TypeError, ValueError, OverflowError, RecursionError):
        return _new_entry(key, item)  # an observed object inside, or a mistake
    known = _known.get(content)
    if known is None:
        known = _new_entry(key, item)
        if len(content) <= PACKED_BYTES:
            if len(_known) >= KNOWN:
                _known.clear()
            _known[content] = known
    return known


_known: Final[dict[bytes, bytes]] = {}
"""Closed entries by their content, packed with its types: 1, 1.0 and true are three."""


def _new_entry(key: str | None, item: Any) -> bytes:
    value = _closed_value(item)
    if key is not None:
        value = _name(key) + varint(len(value)) + value
    return b"\n" + varint(len(value)) + value


def _closed_value(item: Any) -> bytes:
    if isinstance(item, str):
        return with_length(b"\x1a", item.encode())
    if isinstance(item, (dict, Mapping)):  # most are dictionaries, and asking whether something is a Mapping takes long
        return with_length(b"\x2a", encode(item))
    if isinstance(item, (list, tuple)):
        return with_length(b"\x32", b"".join([_entry(None, element) for element in item]))
    if isinstance(item, bool):
        return b"\x20\x01" if item else b"\x20\x00"
    if isinstance(item, (int, float)):
        return b"\x11" + DOUBLE.pack(item)
    if item is None:
        return b"\x08\x00"
    raise TypeError(f"{type(item).__name__} cannot be written into a Kubernetes object")


@lru_cache(1024)
def _name(key: str) -> bytes:
    """A field's name, and what stands between it and its value."""
    return with_length(b"\n", key.encode()) + b"\x12"


def with_length(tag: bytes, content: bytes) -> bytes:
    """A field whose content has any length."""
    return tag + varint(len(content)) + content


@lru_cache(4096)
def varint(number: int) -> bytes:
    """A length as protobuf writes it: seven bits a byte, the lowest first."""
    out = bytearray()
    while number >= SHORT:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)

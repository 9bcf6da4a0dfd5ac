"""Kubernetes objects from dictionaries to closed `google.protobuf.Struct` bytes: the way back from `structs.py`.

Of the objects that a claim becomes, most is the same for most claims: the probes, the security contexts, forty lines of environment
from Secrets. What was closed before is found by its content, so a new claim costs what is new in it, and `compose` knows nothing of it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from msgspec.msgpack import encode as pack

from zerotouch_function.structs import DOUBLE, KNOWN, SHORT

PACKED_BYTES: Final = 2048
"""Longest value, packed, that is kept closed."""

FEW: Final = 4
"""Fields of an object that may be kept closed. Larger ones hold a claim's own name, and are never met again."""


def encode(manifest: Mapping[str, Any]) -> bytes:
    """Closes a dictionary; equal ones give equal bytes in every process.

    Raises:
        TypeError: Something in it cannot be written as JSON.
    """
    parts = []
    for key in sorted(manifest):
        item = manifest[key]
        if type(item) is str and len(item) < SHORT:
            parts.append(_text_field(key, item))
        elif item is not None:
            parts.append(_field(key.encode(), _closed_value(item)))
    return b"".join(parts)


@lru_cache(4096)
def _text_field(key: str, text: str) -> bytes:
    """A field that is text. The same names and values are in almost every object."""
    return _field(key.encode(), with_length(b"\x1a", text.encode()))


def _field(key: bytes, value: bytes) -> bytes:
    return with_length(b"\n", with_length(b"\n", key) + with_length(b"\x12", value))


def with_length(tag: bytes, content: bytes) -> bytes:
    """A field whose content has any length."""
    length = len(content)
    if length < SHORT:
        return b"%b%c%b" % (tag, length, content)
    if length < SHORT * SHORT:
        return b"%b%c%c%b" % (tag, length & 127 | 128, length >> 7, content)
    return tag + varint(length) + content


def varint(number: int) -> bytes:
    """A length as protobuf writes it: seven bits a byte, the lowest first."""
    out = bytearray()
    while number >= SHORT:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _closed_value(item: Any) -> bytes:
    kind = type(item)
    if kind is str:
        return with_length(b"\x1a", item.encode())
    if kind is list or (kind is dict and len(item) <= FEW):
        return _known_closed(item)
    return _newly_closed(item)


def _known_closed(item: Any) -> bytes:
    """Closes an object or a list that many claims share: one that was closed before is found by its exact content."""
    try:
        content = pack(item)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return _newly_closed(item)  # an observed object inside, or a mistake
    known = _known.get(content)
    if known is None:
        known = _newly_closed(item)
        if len(content) <= PACKED_BYTES:
            if len(_known) >= KNOWN:
                _known.clear()
            _known[content] = known
    return known


_known: Final[dict[bytes, bytes]] = {}
"""Closed values by their content, packed with its types: 1, 1.0 and true are three."""


def _newly_closed(item: Any) -> bytes:
    if isinstance(item, str):
        return with_length(b"\x1a", item.encode())
    if isinstance(item, Mapping):
        return with_length(b"\x2a", encode(item))
    if isinstance(item, list | tuple):
        return with_length(b"\x32", b"".join([with_length(b"\n", _closed_value(element)) for element in item]))
    if isinstance(item, bool):
        return b"\x20\x01" if item else b"\x20\x00"
    if isinstance(item, int | float):
        return b"\x11" + DOUBLE.pack(item)
    if item is None:
        return b"\x08\x00"
    raise TypeError(f"{type(item).__name__} cannot be written into a Kubernetes object")

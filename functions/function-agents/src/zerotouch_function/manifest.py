"""Kubernetes objects as plain dictionaries, and the few things done to every one of them."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from msgspec import json

Manifest: TypeAlias = dict[str, Any]
"""One Kubernetes object, or a part of one, in the shape of its YAML."""

Observation: TypeAlias = Mapping[str, Any]
"""An object that somebody else wrote: read, never changed. It may be opened only as far as it is read."""

MAX_NAME_LENGTH: Final = 63
"""Longest label value and DNS label, in characters (RFC 1035)."""

HASH_LENGTH: Final = 10
"""Hexadecimal characters of a content hash: 40 bits, enough to tell one claim's releases apart."""


def content_hash(content: object) -> str:
    """A short hash that is equal exactly when the content is equal, in every process."""
    return hashlib.sha256(json.encode(content, order="deterministic")).hexdigest()[:HASH_LENGTH]


def child_name(*parts: str) -> str:
    """Joins parts with `-` into a name of at most 63 characters; a longer one is cut and ends in a hash of the whole."""
    name = "-".join(parts)
    if len(name) <= MAX_NAME_LENGTH:
        return name
    return f"{name[: MAX_NAME_LENGTH - HASH_LENGTH - 1].rstrip('-.')}-{content_hash(name)}"


def part(manifest: Observation, *path: str) -> Observation:
    """The object at that path; empty where there is none, or something else than an object."""
    for key in path:
        inner = manifest.get(key)
        manifest = inner if isinstance(inner, Mapping) else {}
    return manifest


def parts(manifest: Observation, *path: str) -> list[Observation]:
    """The objects in the list at that path; none where there is no list."""
    *way, last = path
    found = part(manifest, *way).get(last)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list | tuple) else []


def text(value: object) -> str:
    """The value if it is text, and empty otherwise."""
    return value if isinstance(value, str) else ""


def without_empty(fields: Manifest) -> Manifest:
    """The same fields less those that say nothing: None, empty text, empty lists and objects. 0 and False say something."""
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}

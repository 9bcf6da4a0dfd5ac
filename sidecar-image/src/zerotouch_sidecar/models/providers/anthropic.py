"""Anthropic: the key is `x-api-key`, and the base URL may or may not have the version in it."""

from typing import Final

from zerotouch_sidecar.http.message import Headers
from zerotouch_sidecar.models.providers.base import Setup
from zerotouch_sidecar.models.providers.http import Dialect, HttpProvider
from zerotouch_sidecar.models.surfaces import Operation, Surface

VERSION: Final = b"2023-06-01"
"""The protocol's version, for agents that name none."""


def _target(operation: Operation, base_url: str) -> str:
    return operation.path.removeprefix("/v1") if base_url.endswith("/v1") else operation.path


def _key(key: str) -> Headers:
    return [(b"x-api-key", key.encode("ascii"))]


ANTHROPIC: Final = Dialect(
    frozenset({Surface.ANTHROPIC}), "https://api.anthropic.com", _target, _key, extra=((b"anthropic-version", VERSION),)
)


def anthropic(setup: Setup) -> HttpProvider:
    """Makes Anthropic, or what speaks its protocol at another base URL."""
    return HttpProvider(setup, ANTHROPIC)

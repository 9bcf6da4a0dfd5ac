"""OpenAI, and everything that speaks its protocol: the base URL has the version in it, the key is a bearer token."""

from typing import Final

from zerotouch_sidecar.http.message import Headers
from zerotouch_sidecar.models.providers.base import Setup
from zerotouch_sidecar.models.providers.http import Dialect, HttpProvider
from zerotouch_sidecar.models.surfaces import Operation, Surface


def _target(operation: Operation, base_url: str) -> str:  # noqa: ARG001  # the base URL has all that varies
    return operation.path


def _key(key: str) -> Headers:
    return [(b"authorization", b"Bearer " + key.encode("ascii"))]


_SURFACES: Final = frozenset({Surface.OPENAI})
OPENAI: Final = Dialect(_SURFACES, "https://api.openai.com/v1", _target, _key)
COMPATIBLE: Final = Dialect(_SURFACES, "", _target, _key)


def openai(setup: Setup) -> HttpProvider:
    """Makes OpenAI itself."""
    return HttpProvider(setup, OPENAI)


def openai_compatible(setup: Setup) -> HttpProvider:
    """Makes a provider that speaks OpenAI's protocol and must say where it is."""
    return HttpProvider(setup, COMPATIBLE)

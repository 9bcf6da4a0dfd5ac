"""Providers that are reached over HTTP: what differs between them is data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from zerotouch_sidecar.http.message import Headers, header
from zerotouch_sidecar.http.upstream import UpstreamResponse
from zerotouch_sidecar.models.call import Call
from zerotouch_sidecar.models.providers.base import Setup
from zerotouch_sidecar.models.surfaces import Operation, Surface

PLAIN: Final[Headers] = [(b"content-type", b"application/json"), (b"accept-encoding", b"identity")]
"""Usage is read from the answer on its way, so it must not be compressed."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a kind of provider is spoken to."""

    surfaces: frozenset[Surface]
    default_url: str
    """Used when the provider has no base URL of its own; empty: it must have one."""

    target: Callable[[Operation, str], str]
    """Makes the path of an operation below a base URL."""

    key_headers: Callable[[str], Headers]
    """Says where the key goes."""

    extra: tuple[tuple[bytes, bytes], ...] = ()
    """Headers that are added unless the agent sends its own."""


class HttpProvider:
    """A provider behind a base URL."""

    def __init__(self, setup: Setup, dialect: Dialect) -> None:
        url = setup.base_url or dialect.default_url
        if not url.startswith(("http://", "https://")):
            raise ValueError("baseUrl must begin with http:// or https://")
        self.surfaces = dialect.surfaces
        self._dialect = dialect
        self._setup = setup
        self._url = url.rstrip("/")
        self._upstream = setup.connect(self._url)
        own = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in setup.headers.items()]
        self._own: Headers = PLAIN + own
        self._replaced = {name for name, _ in self._own}
        self._extra = [each for each in dialect.extra if each[0] not in self._replaced]

    async def send(self, call: Call, model: str) -> UpstreamResponse:
        """Sends the call with the agent's headers, ours in place of any of the same name, and the key."""
        told = call.headers + call.trace if self._setup.sends_trace else call.headers
        kept = [each for each in told if each[0] not in self._replaced]
        kept += [extra for extra in self._extra if header(kept, extra[0]) is None]
        key = self._setup.key()
        keys = self._dialect.key_headers(key) if key else []
        target = self._dialect.target(call.operation, self._url)
        if call.query:
            target += ("&" if "?" in target else "?") + call.query
        return await self._upstream.request(
            b"POST",
            target.encode("ascii"),
            kept + self._own + keys,
            call.body_for(model),
            self._setup.timeouts,
            is_repeatable=True,  # a kept connection that the provider ended meanwhile is no failure of the provider
        )

    async def close(self) -> None:
        """Ends all connections."""
        await self._upstream.close()

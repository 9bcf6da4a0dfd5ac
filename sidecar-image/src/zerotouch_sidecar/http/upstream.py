"""Calls one other server, over connections that are kept."""

import ssl
from collections.abc import AsyncIterable, AsyncIterator

from zerotouch_sidecar.http.limits import Timeouts, UpstreamLimits
from zerotouch_sidecar.http.message import Headers


class UpstreamResponse:
    """An answer that has begun. Read it to its end, or `close` it: `close` in a `finally` is always right."""

    status: int
    headers: Headers

    def chunks(self) -> AsyncIterator[bytes]:
        """The body's pieces as they arrive. Raises `UpstreamError`."""
        raise NotImplementedError

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body. Raises `UpstreamError`, `BodyTooLarge`."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the connection unless the answer was read to its end."""
        raise NotImplementedError


class Upstream:
    """One server, by its base URL: `https://api.openai.com/v1`; its path goes before each request's target."""

    def __init__(self, base_url: str, *, tls: ssl.SSLContext | None = None, limits: UpstreamLimits | None = None) -> None:
        raise NotImplementedError

    async def request(
        self,
        method: bytes,
        target: bytes,
        headers: Headers,
        body: bytes | AsyncIterable[bytes] = b"",
        timeouts: Timeouts | None = None,
        *,
        is_repeatable: bool = False,
    ) -> UpstreamResponse:
        """Sends a request and waits for the head of the answer. Adds `host`, and `content-length` for bytes.

        Args:
            is_repeatable: The request may be sent a second time when a kept connection ends before the first byte of an answer.

        Raises:
            UpstreamError: No answer; `sent` and `received` say how far it got.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Ends all connections."""
        raise NotImplementedError

"""Calls one other server, over connections that are kept."""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator
from typing import Final
from urllib.parse import urlsplit

from zerotouch_sidecar.http.body import Body
from zerotouch_sidecar.http.client import Answered, ClientConnection
from zerotouch_sidecar.http.errors import ConnectError, ConnectTimeout, Disconnected
from zerotouch_sidecar.http.head import FRAMING, written
from zerotouch_sidecar.http.limits import Timeouts, UpstreamLimits
from zerotouch_sidecar.http.message import Headers, header

IDEMPOTENT: Final = frozenset((b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE"))
"""Methods that may be sent twice (RFC 9110 9.2.2)."""

BODILESS: Final = frozenset((b"GET", b"HEAD", b"OPTIONS", b"DELETE", b"TRACE"))
"""Methods that need not say that they have no body."""


class UpstreamResponse:
    """An answer that has begun. Read it to its end, or `close` it: `close` in a `finally` is always right.

    Attributes:
        is_tunnel: The other side switched protocols: `chunks` has its bytes and `write` sends ours.
    """

    __slots__ = ("_connection", "_sender", "body", "headers", "is_tunnel", "status")

    def __init__(self, answered: Answered, connection: ClientConnection, sender: "asyncio.Task[None] | None") -> None:
        self.status = answered.status
        self.headers = answered.headers
        self.body = answered.body
        self.is_tunnel = answered.status == 101
        self._connection = connection
        self._sender = sender

    def chunks(self) -> AsyncIterator[bytes]:
        """The body's pieces as they arrive. Raises `UpstreamError`."""
        return self.body

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body. Raises `UpstreamError`, `BodyTooLarge`."""
        return await self.body.read(limit_bytes)

    async def write(self, data: bytes) -> None:
        """Sends bytes through a tunnel."""
        self._connection.write(data)
        await self._connection.writable()

    def close(self) -> None:
        """Ends the connection unless request and answer were whole."""
        if self._sender is not None and not self._sender.done():
            self._sender.cancel()
            self._connection.close()
        elif not self.body.is_complete or self.is_tunnel:
            self._connection.close()


class Upstream:
    """One server, by its base URL: `https://api.openai.com/v1`; its path goes before each request's target."""

    def __init__(self, base_url: str, *, tls: ssl.SSLContext | None = None, limits: UpstreamLimits | None = None) -> None:
        parts = urlsplit(base_url)
        self._tls = tls or ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/").encode()
        self._authority = parts.netloc.rpartition("@")[2].encode()
        self._limits = limits or UpstreamLimits()
        self._kept: list[ClientConnection] = []
        self._is_closed = False

    async def request(  # noqa: D417  # the others are what their names say
        self,
        method: bytes,
        target: bytes,
        headers: Headers,
        body: bytes | AsyncIterable[bytes] = b"",
        timeouts: Timeouts | None = None,
        *,
        is_repeatable: bool = False,
        asks_upgrade: bool = False,
    ) -> UpstreamResponse:
        """Sends a request and waits for the head of the answer. Adds `host` where it is missing, and the body's framing.

        Args:
            body: Bytes, or pieces; a `Body` with a length is sent with that length, other pieces in chunks.
            is_repeatable: The request may be sent a second time when a kept connection ends before the first byte of an answer.
            asks_upgrade: Headers `connection` and `upgrade` are in `headers` and sent; the answer may be a tunnel.

        Raises:
            UpstreamError: No answer; `sent` and `received` say how far it got.
        """
        timeouts = timeouts or Timeouts()
        head = self._head(method, target, headers, body, asks_upgrade=asks_upgrade)
        kept = self._take()
        if kept is not None:
            try:
                return await self._exchange(kept, method, head, body, timeouts, asks_upgrade=asks_upgrade)
            except Disconnected as error:
                may_repeat = not error.sent or is_repeatable or method in IDEMPOTENT
                if error.received or not may_repeat or not isinstance(body, bytes):
                    raise
        fresh = await self._connect(timeouts.connect_seconds)
        return await self._exchange(fresh, method, head, body, timeouts, asks_upgrade=asks_upgrade)

    async def close(self) -> None:
        """Ends all connections that are kept; one that is in use ends when its answer does."""
        self._is_closed = True
        kept, self._kept = self._kept, []
        for connection in kept:
            connection.close()

    def _head(self, method: bytes, target: bytes, headers: Headers, body: bytes | AsyncIterable[bytes], *, asks_upgrade: bool) -> bytes:
        keeps = (b"connection", b"upgrade") if asks_upgrade else ()
        sent = [(name, value) for name, value in headers if name != b"content-length" and (name not in FRAMING or name in keeps)]
        if header(sent, b"host") is None:
            sent.insert(0, (b"host", self._authority))
        length = len(body) if isinstance(body, bytes) else body.length if isinstance(body, Body) else None
        if length is None:
            sent.append((b"transfer-encoding", b"chunked"))
        elif length or method not in BODILESS:
            sent.append((b"content-length", b"%d" % length))
        return written(b"%b %b%b HTTP/1.1\r\n" % (method, self._prefix, target), sent)

    async def _exchange(
        self,
        connection: ClientConnection,
        method: bytes,
        head: bytes,
        body: bytes | AsyncIterable[bytes],
        timeouts: Timeouts,
        *,
        asks_upgrade: bool,
    ) -> UpstreamResponse:
        answered = connection.expect(method, timeouts, asks_upgrade=asks_upgrade)
        sender: asyncio.Task[None] | None = None
        if isinstance(body, bytes):
            connection.write(head + body)
            connection.written()
        else:
            connection.write(head)
            sender = asyncio.get_running_loop().create_task(_send(connection, body, answered, is_chunked=_is_chunked(body)))
        try:
            return UpstreamResponse(await answered, connection, sender)
        except BaseException:
            if sender is not None:
                sender.cancel()
            connection.close()
            raise

    def _take(self) -> ClientConnection | None:
        while self._kept:
            connection = self._kept.pop()
            if connection.is_open:
                return connection
        return None

    def _keep(self, connection: ClientConnection) -> None:
        self._kept = [kept for kept in self._kept if kept.is_open] if len(self._kept) >= self._limits.kept_connections else self._kept
        if self._is_closed or len(self._kept) >= self._limits.kept_connections:
            connection.close()
            return
        connection.keep(self._limits.kept_seconds)
        self._kept.append(connection)

    async def _connect(self, seconds: float) -> ClientConnection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds or None):
                _, connection = await loop.create_connection(
                    lambda: ClientConnection(self._limits.header_bytes),
                    self._host,
                    self._port,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls else None,
                )
        except TimeoutError as error:
            raise ConnectTimeout("no connection was made in time") from error
        except ssl.SSLError as error:
            raise ConnectError(f"TLS failed: {error.reason or error}") from error
        except OSError as error:
            raise ConnectError(f"no connection: {error.strerror or type(error).__name__}") from error
        except UnicodeError as error:  # what DNS cannot be asked for: `a..b`
            raise ConnectError("no connection: the host is no name") from error
        connection.on_free = self._keep
        return connection


def _is_chunked(body: AsyncIterable[bytes]) -> bool:
    return not (isinstance(body, Body) and body.length is not None)


async def _send(
    connection: ClientConnection, body: AsyncIterable[bytes], answered: "asyncio.Future[Answered]", *, is_chunked: bool
) -> None:
    """Sends a body piece by piece. When the body itself breaks, the caller is told, and the server must not take it for whole."""
    try:
        async for chunk in body:
            if not connection.is_open:
                return
            connection.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if is_chunked else chunk)
            await connection.writable()
    except Exception as error:
        if not answered.done():
            answered.set_exception(error)
        connection.close()
        return
    if is_chunked and connection.is_open:
        connection.write(b"0\r\n\r\n")
    connection.written()

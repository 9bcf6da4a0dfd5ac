"""Writes one answer to a connection: the head with the first piece of the body, then each piece as it comes."""

import asyncio
from typing import Protocol

from zerotouch_sidecar.http.body import Body
from zerotouch_sidecar.http.choke import Choke
from zerotouch_sidecar.http.errors import ClientGone
from zerotouch_sidecar.http.head import FRAMING, status_line, written
from zerotouch_sidecar.http.message import Headers, Request


class Wire(Protocol):
    """The connection, as an answer sees it.

    Attributes:
        choke: On while the client reads more slowly than we write.
        unframed: An answer to HTTP/1.0 that is whole when the connection ends.
    """

    choke: Choke
    unframed: "Answer | None"

    @property
    def is_ending(self) -> bool:
        """No further request is taken from this connection."""

    def send(self, data: bytes) -> None:
        """Writes."""

    def open_tunnel(self, tunnel: Body) -> None:
        """From here on the client's bytes are another protocol's."""

    def abort(self) -> None:
        """Ends the connection in the middle of whatever is under way, in a way that no client takes for the end of an answer."""


class Answer:
    """The `Responder` of one request on one connection."""

    __slots__ = (
        "_connection",
        "_has_body",
        "_head",
        "_is_chunked",
        "_left",
        "_request",
        "finished",
        "gone",
        "keeps_alive",
        "started",
        "status",
    )

    def __init__(self, connection: Wire, request: Request, *, keeps_alive: bool) -> None:
        self.status = 0
        self.started = False
        self.finished = False
        self.gone = False
        self.keeps_alive = keeps_alive
        self._connection = connection
        self._request = request
        self._head = b""
        self._is_chunked = False
        self._has_body = True
        self._left: int | None = None

    async def start(self, status: int, headers: Headers) -> None:
        """Says status and headers; they leave with the first piece of the body, or at the loop's next turn."""
        self._begin(status, headers)
        asyncio.get_running_loop().call_soon(self._flush)
        await self._connection.choke.wait()

    async def write(self, chunk: bytes) -> None:
        """Sends a piece of the body at once."""
        if not self.started or self.finished:
            raise RuntimeError("an answer is written between its start and its end")
        if chunk:
            self._send(self._framed(chunk))
        if self._connection.choke.is_on:
            await self._connection.choke.wait()

    async def end(self, chunk: bytes = b"") -> None:
        """Sends the last piece, if any, and ends the answer."""
        if not self.started or self.finished:
            raise RuntimeError("an answer is ended once, after its start")
        last = self._framed(chunk) if chunk else b""
        if self._left:
            self.abort()
            raise RuntimeError(f"{self._left} bytes of the answer were announced and not written")
        if self._is_chunked:
            last += b"0\r\n\r\n"
        self.finished = True
        self._send(last)
        if self._connection.choke.is_on:
            await self._connection.choke.wait()

    async def send(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """Sends a whole answer."""
        if status >= 200 and status not in (204, 304):
            headers = [*(pair for pair in headers if pair[0] != b"content-length"), (b"content-length", b"%d" % len(body))]
        self._begin(status, headers)
        await self.end(body)

    async def switch(self, headers: Headers) -> None:
        """Answers `101` and gives the connection over to the new protocol."""
        if self.started or not self._request.is_upgrade:
            raise RuntimeError("only a request for an upgrade can be switched, before its answer starts")
        self._fail_if_gone()
        self.started = True
        self.status = 101
        self.keeps_alive = False
        kept = [pair for pair in headers if pair[0] not in FRAMING]
        upgrade = self._request.header(b"upgrade") or b"websocket"
        self._send(written(status_line(101), [(b"connection", b"upgrade"), (b"upgrade", upgrade), *kept]))
        self._connection.open_tunnel(self._request.tunnel)

    def abort(self) -> None:
        """Ends the connection: the client sees that the answer was cut."""
        self._head = b""
        self._connection.abort()

    def _begin(self, status: int, headers: Headers) -> None:
        if self.started:
            raise RuntimeError("an answer is started once")
        self._fail_if_gone()
        kept: Headers = []
        for pair in headers:
            if pair[0] in FRAMING:
                continue
            if pair[0] == b"content-length":
                self._left = int(pair[1])
            kept.append(pair)
        if self._request.method == b"HEAD" or status in (204, 304):
            self._has_body, self._left = False, None
        elif self._left is None and self._request.version == "1.1":
            self._is_chunked = True
            kept.append((b"transfer-encoding", b"chunked"))
        elif self._left is None:
            self.keeps_alive = False
            self._connection.unframed = self
        if not self._request.body.is_complete or self._connection.is_ending:
            self.keeps_alive = False
        if not self.keeps_alive:
            kept.append((b"connection", b"close"))
        self._head = written(status_line(status), kept)
        self.started, self.status = True, status

    def _framed(self, chunk: bytes) -> bytes:
        if not self._has_body:
            return b""
        if self._is_chunked:
            return b"%x\r\n%b\r\n" % (len(chunk), chunk)
        if self._left is not None:
            if len(chunk) > self._left:
                self.abort()
                raise RuntimeError("more bytes of the answer were written than announced")
            self._left -= len(chunk)
        return chunk

    def _send(self, data: bytes) -> None:
        self._fail_if_gone()
        if self._head:
            data = self._head + data
            self._head = b""
        if data:
            self._connection.send(data)

    def _flush(self) -> None:
        if self._head and not self.gone:
            self._send(b"")

    def _fail_if_gone(self) -> None:
        if self.gone:
            raise ClientGone("the client closed its connection")

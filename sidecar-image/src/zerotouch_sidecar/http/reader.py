"""Bytes in, requests out: one parser for one client's connection."""

from collections.abc import Callable
from dataclasses import dataclass

import httptools

from zerotouch_sidecar.http.body import Body
from zerotouch_sidecar.http.errors import BadRequest
from zerotouch_sidecar.http.head import body_length
from zerotouch_sidecar.http.limits import ServerLimits
from zerotouch_sidecar.http.message import Headers


@dataclass(frozen=True, slots=True)
class Head:
    """A request's head that holds.

    Attributes:
        length: Of the body; None: chunks.
        is_upgrade: It asks for a WebSocket. Other protocols are not offered: what follows such a request is read as HTTP.
    """

    method: bytes
    target: bytes
    version: str
    headers: Headers
    length: int | None
    is_upgrade: bool


class RequestReader:
    """Calls `begin` for each head, and feeds the body that it returns.

    Attributes:
        is_in_head: A request has begun and its head is not whole.
        body: The body that is arriving; None between requests.
    """

    def __init__(self, limits: ServerLimits, begin: Callable[[Head], Body]) -> None:
        self.is_in_head = False
        self.body: Body | None = None
        self._limits = limits
        self._begin = begin
        self._parser = httptools.HttpRequestParser(self)
        self._is_replayed = False
        self._head: Head | None = None
        self._bad: BadRequest | None = None
        self._untold_bytes = 0  # since a whole head or a piece of a body: the parser holds a header or a trailer until it ends
        self._reset()

    def feed(self, data: bytes) -> bytes | None:
        """Reads on. After a request for a WebSocket: what came behind it, which may be another protocol, or a request for `resume`.

        Raises:
            BadRequest: This is not HTTP/1.1 as every server reads it. Nothing more can be read.
        """
        self._untold_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._behind(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            raise self._bad or BadRequest(400, f"this is not HTTP/1.1: {error}") from error
        if self._untold_bytes > self._limits.header_bytes and (self.is_in_head or self.body is not None):
            raise BadRequest(431, "the headers are too large")
        return None

    def resume(self, data: bytes) -> bytes | None:
        """Reads what `feed` gave back as HTTP after all."""
        self._parser = httptools.HttpRequestParser(self)
        return self.feed(data)

    def _behind(self, rest: bytes) -> bytes | None:
        head = self._head
        if head is not None and head.is_upgrade:
            return rest
        if head is not None and head.length != 0:
            self._replay(head)
            return self.feed(rest)
        return self.resume(rest)

    def _replay(self, head: Head) -> None:
        """The parser takes what follows any wish to upgrade for another protocol: a new one is told of a body, and of no upgrade."""
        framing = b"transfer-encoding: chunked" if head.length is None else b"content-length: %d" % head.length
        self._parser = httptools.HttpRequestParser(self)
        self._is_replayed = True
        self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)
        self._is_replayed = False

    def _reset(self) -> None:
        self._head_bytes = 0
        self._body_bytes = 0
        self._target = b""
        self._headers: Headers = []

    # what the parser calls

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if not self._is_replayed:
            self._reset()
            self.is_in_head = True

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        if not self._is_replayed:
            self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; after the head a trailer, which is counted and dropped."""
        if self._is_replayed:
            return
        self._head_bytes += len(name) + len(value) + 4
        if self.is_in_head:
            self._headers.append((name.lower(), value))
        if self._head_bytes > self._limits.header_bytes or len(self._headers) > self._limits.header_count:
            self._refuse(431, "the headers are too large")

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._untold_bytes = 0
        if self._is_replayed:
            return
        if self._head_bytes + len(self._target) > self._limits.header_bytes:
            self._refuse(431, "the headers are too large")
        method, version = self._parser.get_method(), self._parser.get_http_version()
        try:
            length = body_length(method, version, self._headers)
        except BadRequest as bad:
            self._bad = bad
            raise
        if length and 0 < self._limits.body_bytes < length:
            self._refuse(413, f"the body is longer than {self._limits.body_bytes} bytes")
        is_upgrade = length == 0 and self._parser.should_upgrade() and self._is_websocket()
        self.is_in_head = False
        self._head = Head(method, self._target, version, self._headers, length, is_upgrade)
        try:
            self.body = self._begin(self._head)
        except BadRequest as bad:
            self._bad = bad
            raise

    def on_body(self, chunk: bytes) -> None:
        """A piece of the body."""
        self._untold_bytes = 0
        self._body_bytes += len(chunk)
        if 0 < self._limits.body_bytes < self._body_bytes:
            self._refuse(413, f"the body is longer than {self._limits.body_bytes} bytes")
        if self.body is not None:
            self.body.feed(chunk)

    def on_message_complete(self) -> None:
        """The request is whole, or the parser believes so because of an upgrade that its body says otherwise of."""
        if self._parser.should_upgrade() and self._head is not None and self._head.length != 0:
            return
        if self.body is not None:
            self.body.finish()
            self.body = None

    def _is_websocket(self) -> bool:
        return any(name == b"upgrade" and value.lower() == b"websocket" for name, value in self._headers)

    def _refuse(self, status: int, problem: str) -> None:
        self._bad = BadRequest(status, problem)
        raise self._bad

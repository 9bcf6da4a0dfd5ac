"""Heads of messages: what a request's head must be, and how heads are written.

The parser (llhttp in its strict mode) already refuses bare line feeds, folded lines, bytes that no name or value may have, doubled or
damaged lengths, and a length beside an encoding. Here is what it lets through, and what must not reach a server that reads it otherwise.
"""

from http import HTTPStatus
from typing import Final

from zerotouch_sidecar.http.errors import BadRequest
from zerotouch_sidecar.http.message import Headers

REASONS: Final = {status.value: status.phrase.encode() for status in HTTPStatus}

FRAMING: Final = frozenset((b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"te", b"trailer", b"upgrade"))
"""Headers of one hop: never passed on."""


def body_length(method: bytes, version: str, headers: Headers) -> int | None:
    """How many bytes of body follow a request's head; None: chunks.

    Raises:
        BadRequest: The head is not one that every server reads alike.
    """
    if version not in ("1.1", "1.0"):
        raise BadRequest(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    if method == b"CONNECT":
        raise BadRequest(405, "CONNECT is not allowed")
    hosts = 0
    length: int | None = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            length = int(value)
        elif name == b"transfer-encoding":
            if version == "1.0" or value.lower() != b"chunked":
                raise BadRequest(501, "transfer-encoding must be chunked, and the version 1.1")
            length = None
        elif name == b"expect" and value.lower() != b"100-continue":
            raise BadRequest(417, "the only expectation that is met is 100-continue")
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        raise BadRequest(400, "exactly one host header is needed")
    return length


def tokens(headers: Headers, name: bytes) -> set[bytes]:
    """The comma-separated words of a header, in lower case."""
    return {word.strip().lower() for key, value in headers if key == name for word in value.split(b",")}


def status_line(status: int) -> bytes:
    """The first line of an answer."""
    return b"HTTP/1.1 %d %b\r\n" % (status, REASONS.get(status, b"Status"))


def written(first_line: bytes, headers: Headers) -> bytes:
    """A whole head.

    Raises:
        ValueError: A name or value holds a line break.
    """
    lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    head = b"%b%b\r\n" % (first_line, lines)
    if head.count(b"\n") != len(headers) + 2 or head.count(b"\r") != len(headers) + 2:
        raise ValueError("a header holds a line break")
    return head

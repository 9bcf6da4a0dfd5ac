"""Requests that two servers could read differently are refused, and nothing behind them is read."""

import re
from dataclasses import dataclass

import pytest

from tests.sidecar.loops import ask, connected, run, serving
from zerotouch_sidecar.http.message import Request, Responder

POST = b"POST /a HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"


@dataclass(frozen=True)
class Case:
    reason: str
    sent: bytes
    status: int = 400


REFUSED = [
    Case("a length beside chunks", POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Case("chunks beside a length", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    Case("two lengths", POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
    Case("one length twice", POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    Case("lengths in one header", POST + b"Content-Length: 5, 5\r\n\r\nhello"),
    Case("a length with a sign", POST + b"Content-Length: +5\r\n\r\nhello"),
    Case("a negative length", POST + b"Content-Length: -5\r\n\r\nhello"),
    Case("no length in its header", POST + b"Content-Length: \r\n\r\nhello"),
    Case("a length with a space in it", POST + b"Content-Length: 1 1\r\n\r\nhello"),
    Case("a length in hexadecimal", POST + b"Content-Length: 0x5\r\n\r\nhello"),
    Case("a length beyond any number", POST + b"Content-Length: 99999999999999999999999\r\n\r\nhello"),
    Case("identity is no encoding", POST + b"Transfer-Encoding: identity\r\n\r\nhello", 501),
    Case("another encoding before chunks", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    Case("another encoding behind chunks", POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    Case("chunks twice", POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Case("a vertical tab before the encoding", POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
    Case("a space before the colon", POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    Case("chunks in HTTP/1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    Case("a folded header", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
    Case("a folded first header", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    Case("bare line feeds", b"GET / HTTP/1.1\nHost: a\n\n"),
    Case("a bare line feed behind a header", b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
    Case("a bare line feed at the end", b"GET / HTTP/1.1\r\nHost: a\r\n\n"),
    Case("a bare carriage return", b"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"),
    Case("a zero byte", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n"),
    Case("a control character", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n"),
    Case("a header without a name", b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
    Case("a header without a colon", b"GET / HTTP/1.1\r\nHost: a\r\nabc\r\n\r\n"),
    Case("no host", b"GET / HTTP/1.1\r\nX: a\r\n\r\n"),
    Case("two hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    Case("a negative chunk", CHUNKED + b"-1\r\n\r\n"),
    Case("a chunk size with a prefix", CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n"),
    Case("a chunk size with a space", CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n"),
    Case("a chunk size ended by a line feed", CHUNKED + b"5\nhello\r\n0\r\n\r\n"),
    Case("a chunk longer than its size", CHUNKED + b"5\r\nhelloX\r\n0\r\n\r\n"),
    Case("a chunk ended by a line feed", CHUNKED + b"5\r\nhello\n0\r\n\r\n"),
    Case("a line feed in a chunk's extension", CHUNKED + b"5;a\nb\r\nhello\r\n0\r\n\r\n"),
    Case("a chunk size beyond any number", CHUNKED + b"fffffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    Case("an unknown version", b"GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
    Case("HTTP/2 by name", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    Case("HTTP/0.9", b"GET /\r\n\r\n", 505),
    Case("HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Case("a tunnel for anyone", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    Case("a tab in the first line", b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    Case("a space in the target", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
    Case("a control character in the target", b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"),
    Case("a byte beyond ASCII in the target", b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"),
    Case("a method that nobody knows", b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Case("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    Case("an expectation that nobody knows", POST + b"Expect: 200-ok\r\nContent-Length: 0\r\n\r\n", 417),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.reason)
@pytest.mark.parametrize("is_bytewise", [False, True], ids=["at once", "byte by byte"])
def test_what_servers_could_read_differently_is_refused_and_ends_the_connection(case: Case, is_bytewise: bool) -> None:
    seen: list[bytes] = []

    async def handler(request: Request, responder: Responder) -> None:
        seen.append(request.target)
        await responder.send(200, [], await request.body.read(1000))

    async def work() -> bytes:
        async with serving(handler) as server:
            if not is_bytewise:
                return await ask(server.port, case.sent + HIDDEN)
            async with connected(server.port) as client:
                for position in range(len(case.sent)):
                    await client.send(case.sent[position : position + 1])
                await client.send(HIDDEN)
                try:
                    return await client.reader.read()
                except ConnectionResetError:
                    return b""

    said = run(work())
    assert said.startswith(b"HTTP/1.1 %d " % case.status) or (said == b"" and is_bytewise)
    assert len(re.findall(rb"(?m)^HTTP/1.1 ", said)) <= 1
    assert b"/hidden" not in seen


def test_a_body_behind_a_wish_for_another_protocol_is_read_as_a_body() -> None:
    """A client that offers h2c, as Java's does with every request, is answered in HTTP/1.1, and nothing is taken for a tunnel."""
    seen: list[tuple[bytes, bytes]] = []

    async def handler(request: Request, responder: Responder) -> None:
        assert not request.is_upgrade
        seen.append((request.target, await request.body.read(1000)))
        await responder.send(200, [])

    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    sent = (
        POST + offer + b"Content-Length: 5\r\n\r\nhello"
        b"POST /b HTTP/1.1\r\nHost: a\r\n" + offer + b"Transfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\n"
        b"GET /c HTTP/1.1\r\nHost: a\r\n" + offer + b"\r\n"
        b"GET /d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )

    async def work(size: int) -> None:
        async with serving(handler) as server, connected(server.port) as client:
            for position in range(0, len(sent), size):
                await client.send(sent[position : position + size])
            for _ in range(4):
                assert (await client.answer())[0] == 200
            assert await client.is_closed()

    for size in (1, 7, len(sent)):
        seen.clear()
        run(work(size))
        assert seen == [(b"/a", b"hello"), (b"/b", b"world"), (b"/c", b""), (b"/d", b"")]

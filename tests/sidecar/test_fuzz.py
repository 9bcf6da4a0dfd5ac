"""Whatever bytes arrive, however they are cut: the server and the client read the same, hold no more than they may, and end."""

import asyncio
import os
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sidecar.loops import LOOPBACK
from zerotouch_sidecar.http.body import Body
from zerotouch_sidecar.http.client import ClientConnection
from zerotouch_sidecar.http.errors import BadRequest, HttpError
from zerotouch_sidecar.http.head import written
from zerotouch_sidecar.http.limits import ServerLimits, Timeouts
from zerotouch_sidecar.http.reader import Head, RequestReader

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES") or 0)
"""Of each law; 0: as many as a run of all tests has time for. `make fuzz-sidecar` asks for more."""

LIMITS = ServerLimits(header_bytes=2048, header_count=20, body_bytes=4096)

PIECES = [
    b"GET / HTTP/1.1\r\n",
    b"POST /a?b HTTP/1.1\r\n",
    b"POST / HTTP/1.0\r\n",
    b"Host: a\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n",
    b"Connection: upgrade\r\nUpgrade: h2c\r\n",
    b"Expect: 100-continue\r\n",
    b"\r\n",
    b"hello",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"0\r\nX: y\r\n\r\n",
    b"\n",
    b"\r",
    b" ",
    b":",
    b"\x00",
]

streams = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20)), max_size=25).map(b"".join)
whole = st.builds(
    lambda method, headers, body: b"%b /p HTTP/1.1\r\nHost: a\r\n%b\r\n%b" % (method, headers, body),
    st.sampled_from([b"GET", b"POST", b"PUT"]),
    st.sampled_from(
        [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"", PIECES[8], PIECES[9], PIECES[9] + b"Content-Length: 5\r\n"]
    ),
    st.sampled_from([b"hello", b"5\r\nhello\r\n0\r\n\r\n", b""]),
)
sent = st.one_of(streams, st.lists(whole, max_size=4).map(b"".join))
cuts = st.lists(st.integers(min_value=0, max_value=600), max_size=12)


def cut(data: bytes, positions: list[int]) -> list[bytes]:
    ends = sorted({p for p in positions if p < len(data)} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def read(pieces: list[bytes]) -> tuple[list[tuple[Head, bytes, bool]], int]:
    """What a reader makes of bytes: its requests with their bodies, and with which status it stopped."""
    heads: list[tuple[Head, Body]] = []

    def begin(head: Head) -> Body:
        heads.append((head, Body(head.length)))
        return heads[-1][1]

    reader, status, held = RequestReader(LIMITS, begin), 0, None
    try:
        for piece in pieces:
            held = held + piece if held is not None else reader.feed(piece)
        while held is not None:
            held = reader.resume(held)
    except BadRequest as bad:
        status = bad.status
    return [(head, b"".join(body._chunks), body.is_complete) for head, body in heads], status


@settings(max_examples=EXAMPLES or 200)
@given(sent, cuts)
def test_a_request_is_read_the_same_however_it_is_cut(data: bytes, positions: list[int]) -> None:
    found, status = read(cut(data, positions))
    assert (found, status) == read([data])
    for head, body, _ in found:
        assert len(body) <= LIMITS.body_bytes
        assert head.length is None or len(body) <= head.length
        assert len(head.headers) <= LIMITS.header_count
        names = [name for name, _ in head.headers]
        assert names.count(b"content-length") + names.count(b"transfer-encoding") <= 1
        assert head.version == "1.0" or names.count(b"host") == 1


@settings(max_examples=EXAMPLES or 100)
@given(sent)
def test_what_is_passed_on_is_read_again_as_the_same_one_request(data: bytes) -> None:
    """No request hides another: written out by us, each head is one head for the next server."""
    for head, _, _ in read([data])[0]:
        passed = [
            pair for pair in head.headers if pair[0] not in (b"upgrade", b"connection", b"expect", b"content-length", b"transfer-encoding")
        ]
        again, status = read([written(b"%b %b HTTP/1.1\r\n" % (head.method, head.target), passed)])
        if any(name == b"host" for name, _ in passed):
            assert (status, len(again)) == (0, 1)
            assert again[0][0].headers == passed


answers = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n",
                b"HTTP/1.1 100 Continue\r\n\r\n",
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
                b"HTTP/1.1 204 No Content\r\n",
                b"Content-Length: 5\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Content-Type: text/event-stream\r\n",
                b"\r\n",
                b"hello",
                b"data: {}\n\n",
                b"5\r\nhello\r\n",
                b"0\r\n\r\n",
            ]
        ),
        st.binary(max_size=20),
    ),
    max_size=15,
).map(b"".join)


@settings(max_examples=EXAMPLES or 50)
@given(answers, st.booleans())
def test_whatever_a_server_says_the_answer_ends_or_is_an_error(data: bytes, asks_upgrade: bool) -> None:
    async def work() -> None:
        ours, theirs = await connection_pair()
        answered = ours.expect(b"GET", Timeouts(1, 20, 20), asks_upgrade=asks_upgrade)
        ours.write(b"GET / HTTP/1.1\r\n\r\n")
        ours.written()
        theirs.write(data)
        theirs.close()
        try:
            answer = await answered
            await answer.body.read(2**20)
        except HttpError:
            pass
        ours.close()

    asyncio.run(asyncio.wait_for(work(), 20))


async def connection_pair() -> tuple[ClientConnection, asyncio.StreamWriter]:
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _, writer: accepted.set_result(writer), LOOPBACK, 0)
    _, ours = await asyncio.get_running_loop().create_connection(
        lambda: ClientConnection(4096), LOOPBACK, server.sockets[0].getsockname()[1]
    )
    theirs = await accepted
    server.close()
    return ours, theirs


@settings(max_examples=EXAMPLES or 50)
@given(st.lists(st.tuples(st.binary(min_size=1, max_size=30), st.binary(max_size=30)), max_size=5))
def test_a_head_of_ours_never_holds_another_line(pairs: list[tuple[bytes, bytes]]) -> None:
    try:
        head = written(b"GET / HTTP/1.1\r\n", pairs)
    except ValueError:
        assert re.search(rb"[\r\n]", b"".join(name + value for name, value in pairs))
        return
    assert head.count(b"\r\n") == len(pairs) + 2

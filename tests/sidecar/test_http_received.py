"""The answers of other servers: what is one, and how long it is waited for."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.sidecar.calls import OK, got, saying
from tests.sidecar.loops import LOOPBACK, echo, head_of, run, serving, talking
from zerotouch_sidecar.http.errors import (
    BodyTooLarge,
    Disconnected,
    FirstByteTimeout,
    IdleTimeout,
    MalformedAnswer,
    UpstreamError,
)
from zerotouch_sidecar.http.limits import Timeouts
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.http.upstream import Upstream


@pytest.mark.parametrize(
    "answer, want",
    [
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", (200, b"until the end")),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", (200, b"ok")),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + OK, (200, b"ok")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", (304, b"")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n", (200, b"ok")),
    ],
    ids=["until the end", "1.0", "informational", "204", "304", "chunks"],
)
def test_answers_of_every_shape_are_read(answer: bytes, want: tuple[int, bytes]) -> None:
    async def work() -> tuple[int, bytes]:
        async with talking(saying(answer, closes=True)) as port:
            return await got(Upstream(f"http://{LOOPBACK}:{port}"))

    assert run(work()) == want


def test_an_answer_to_head_has_no_body_whatever_it_announces() -> None:
    async def work() -> None:
        async with talking(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", OK)) as port:
            upstream = Upstream(f"http://{LOOPBACK}:{port}")
            assert await got(upstream, b"HEAD") == (200, b"")
            assert await got(upstream) == (200, b"ok")

    run(work())


@pytest.mark.parametrize(
    "said, error, received",
    [
        (b"", FirstByteTimeout, False),
        (b"HTTP/1.1 200 OK\r\nX", FirstByteTimeout, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", IdleTimeout, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", IdleTimeout, True),
    ],
)
def test_a_server_that_stops_is_not_waited_for_longer_than_allowed(said: bytes, error: type[UpstreamError], received: bool) -> None:
    async def work() -> None:
        async with talking(saying(said)) as port:
            with pytest.raises(error) as caught:
                await got(Upstream(f"http://{LOOPBACK}:{port}"), timeouts=Timeouts(5, 0.05, 0.05))
            assert (caught.value.sent, caught.value.received) == (True, received)

    run(work())


def test_a_server_that_does_not_read_a_body_is_not_waited_for_longer_than_allowed() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        await asyncio.get_running_loop().create_future()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536

    async def work() -> None:
        async with talking(talk) as port:
            with pytest.raises(FirstByteTimeout):
                await Upstream(f"http://{LOOPBACK}:{port}").request(b"POST", b"/", [], endless(), Timeouts(5, 0.2, 0.2))

    run(work())


def test_an_answer_whose_pieces_keep_coming_may_take_as_long_as_it_likes() -> None:
    async def slow(request: Request, responder: Responder) -> None:
        await responder.start(200, [])
        for _ in range(60):
            await responder.write(b"x")
            await asyncio.sleep(0.02)
        await responder.end()

    async def work() -> tuple[int, bytes]:
        async with serving(slow) as server:
            return await got(Upstream(f"http://{LOOPBACK}:{server.port}"), timeouts=Timeouts(5, 1, 1))

    assert run(work()) == (200, b"x" * 60)


@pytest.mark.parametrize(
    "said, error",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", Disconnected),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", Disconnected),
        (b"HTTP/1.1 200 OK\r\nConte", Disconnected),
        (b"220 smtp.example.com ESMTP\r\n", MalformedAnswer),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", MalformedAnswer),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!", MalformedAnswer),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", MalformedAnswer),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", MalformedAnswer),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", MalformedAnswer),
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", MalformedAnswer),
    ],
    ids=[
        "short body",
        "no last chunk",
        "no whole head",
        "smtp",
        "length and chunks",
        "two lengths",
        "bad chunk",
        "large head",
        "large trailer",
        "upgrade",
    ],
)
def test_what_is_no_whole_answer_is_an_error(said: bytes, error: type[UpstreamError]) -> None:
    async def work() -> None:
        async with talking(saying(said, closes=True)) as port:
            with pytest.raises(error) as caught:
                await got(Upstream(f"http://{LOOPBACK}:{port}"))
            assert caught.value.received

    run(work())


def test_an_answer_longer_than_its_reader_takes_is_refused() -> None:
    async def work() -> None:
        async with serving(echo) as server:
            upstream = Upstream(f"http://{LOOPBACK}:{server.port}")
            answer = await upstream.request(b"POST", b"/", [], b"x" * 1000)
            with pytest.raises(BodyTooLarge):
                await answer.read(999)
            answer.close()
            assert await got(upstream, b"POST", b"y") == (200, b"y")

    run(work())

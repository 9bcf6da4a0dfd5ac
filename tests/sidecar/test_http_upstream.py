"""The client's promises: connections are kept, requests are repeated only where that is harmless, and errors say how far things got."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.function.authority import Authority
from tests.sidecar.loops import LOOPBACK, Talk, echo, head_of, run, serving, talking, until
from zerotouch_sidecar.http.body import HIGH_WATER_BYTES
from zerotouch_sidecar.http.errors import (
    BodyTooLarge,
    ConnectError,
    Disconnected,
    FirstByteTimeout,
    IdleTimeout,
    MalformedAnswer,
    UpstreamError,
)
from zerotouch_sidecar.http.limits import Timeouts, UpstreamLimits
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.http.upstream import Upstream

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def saying(*answers: bytes, closes: bool = False) -> Talk:
    """A connection that answers one request after the other with these bytes, and then ends or stays silent."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await head_of(reader)
            writer.write(answer)
            await writer.drain()
        if not closes:
            await reader.read()

    return talk


async def got(upstream: Upstream, method: bytes = b"GET", body: bytes = b"", timeouts: Timeouts | None = None) -> tuple[int, bytes]:
    answer = await upstream.request(method, b"/", [], body, timeouts)
    try:
        return answer.status, await answer.read(2**20)
    finally:
        answer.close()


def test_a_connection_is_used_again_when_its_answer_was_read() -> None:
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await saying(OK, OK, OK)(reader, writer)

    async def work() -> None:
        async with talking(talk) as port:
            upstream = Upstream(f"http://{LOOPBACK}:{port}")
            for _ in range(3):
                assert await got(upstream) == (200, b"ok")
            await upstream.close()

    run(work())
    assert connections == 1


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


@pytest.mark.parametrize("method, is_repeatable, is_answered", [(b"GET", False, True), (b"POST", False, False), (b"POST", True, True)])
def test_what_may_be_repeated_is_when_a_kept_connection_had_ended(method: bytes, is_repeatable: bool, is_answered: bool) -> None:
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The first connection answers once, takes a second request, and ends."""
        nonlocal connections
        connections += 1
        await head_of(reader)
        writer.write(OK)
        if connections == 1:
            await head_of(reader)
            writer.transport.abort()
        else:
            await reader.read()

    async def work() -> int:
        async with talking(talk) as port:
            upstream = Upstream(f"http://{LOOPBACK}:{port}")
            await got(upstream)
            answer = await upstream.request(method, b"/", [], b"body", is_repeatable=is_repeatable)
            answer.close()
            return answer.status

    if is_answered:
        assert run(work()) == 200
        return
    with pytest.raises(Disconnected) as caught:
        run(work())
    assert (caught.value.sent, caught.value.received) == (True, False)


def test_a_fresh_connection_that_ends_is_not_tried_again() -> None:
    requests = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await head_of(reader)
        requests += 1

    async def work() -> None:
        async with talking(talk) as port:
            with pytest.raises(Disconnected):
                await got(Upstream(f"http://{LOOPBACK}:{port}"))

    run(work())
    assert requests == 1


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


def test_a_connection_whose_answer_nobody_read_is_used_again_and_reads() -> None:
    long = b"x" * (HIGH_WATER_BYTES + 1)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            await head_of(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(long), long))
            await writer.drain()
        await reader.read()

    async def work() -> None:
        async with talking(talk) as port:
            upstream = Upstream(f"http://{LOOPBACK}:{port}")
            for _ in range(2):
                answer = await upstream.request(b"GET", b"/", [])
                await until(lambda answer=answer: answer.body.is_complete)  # type: ignore[misc]  # bound at once
                answer.close()
            assert await got(upstream) == (200, long)

    run(work())


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
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", MalformedAnswer),
    ],
    ids=["short body", "no last chunk", "no whole head", "smtp", "length and chunks", "two lengths", "bad chunk", "large head", "upgrade"],
)
def test_what_is_no_whole_answer_is_an_error(said: bytes, error: type[UpstreamError]) -> None:
    async def work() -> None:
        async with talking(saying(said, closes=True)) as port:
            with pytest.raises(error) as caught:
                await got(Upstream(f"http://{LOOPBACK}:{port}"))
            assert caught.value.received

    run(work())


def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    """They would be taken for the next answer."""
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await head_of(reader)
        writer.write(OK if connections > 1 else OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        await reader.read()

    async def work() -> None:
        async with talking(talk) as port:
            upstream = Upstream(f"http://{LOOPBACK}:{port}")
            assert [await got(upstream) for _ in range(2)] == [(200, b"ok")] * 2

    run(work())
    assert connections == 2


def test_nobody_there_is_told_as_nothing_sent() -> None:
    async def work() -> None:
        async with talking(saying()) as port:
            pass
        with pytest.raises(ConnectError) as caught:
            await got(Upstream(f"http://{LOOPBACK}:{port}"))
        assert (caught.value.sent, caught.value.received) == (False, False)

    run(work())


def test_a_host_that_is_no_name_is_told_as_nothing_sent() -> None:
    async def work() -> None:
        with pytest.raises(ConnectError, match="the host is no name"):
            await got(Upstream("http://otel..example:4318"))

    run(work())


def test_a_body_that_breaks_is_never_taken_for_a_whole_one() -> None:
    got_whole: list[bytes] = []

    async def handler(request: Request, responder: Responder) -> None:
        got_whole.append(await request.body.read(2**20))

    async def pieces() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError("broken")

    async def work() -> None:
        async with serving(handler) as server:
            with pytest.raises(ValueError, match="broken"):
                await Upstream(f"http://{LOOPBACK}:{server.port}").request(b"POST", b"/", [], pieces())
            await until(lambda: server.connections == 0)

    run(work())
    assert got_whole == []


def test_an_answer_may_come_before_the_body_is_sent() -> None:
    stopped = asyncio.Event()

    async def refuse(request: Request, responder: Responder) -> None:
        await responder.send(413, [])

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
                await asyncio.sleep(0)
        finally:
            stopped.set()

    async def work() -> None:
        async with serving(refuse) as server:
            answer = await Upstream(f"http://{LOOPBACK}:{server.port}").request(b"POST", b"/", [], endless())
            assert answer.status == 413
            answer.close()
            await stopped.wait()

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


def test_only_so_many_connections_are_kept_and_only_so_long() -> None:
    async def work() -> None:
        async with serving(echo) as server:
            upstream = Upstream(f"http://{LOOPBACK}:{server.port}", limits=UpstreamLimits(kept_connections=2, kept_seconds=0.1))
            await asyncio.gather(*(got(upstream, b"POST", b"x" * 300_000) for _ in range(8)))
            await until(lambda: server.connections <= 2)
            await until(lambda: server.connections == 0)

    run(work())


def test_the_base_urls_path_comes_before_the_target() -> None:
    async def work() -> None:
        async with serving(echo) as server:
            answer = await Upstream(f"http://{LOOPBACK}:{server.port}/v1/").request(b"GET", b"/models?a=b", [])
            assert (b"x-target", b"/v1/models?a=b") in answer.headers
            await answer.read(100)

    run(work())


def test_tls_trusts_the_given_authority_and_no_other(tmp_path: Path) -> None:
    authority, stranger = Authority.new(), Authority.new()
    for name, each in (("ours", authority), ("other", stranger)):
        (tmp_path / name).mkdir()
        each.write_server(tmp_path / name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "ours" / "tls.crt", tmp_path / "ours" / "tls.key")

    async def work() -> None:
        server = await asyncio.start_server(saying(OK), LOOPBACK, 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        url = f"https://localhost:{port}"
        ours, others = (ssl.create_default_context(cafile=tmp_path / name / "ca.crt") for name in ("ours", "other"))
        assert await got(Upstream(url, tls=ours)) == (200, b"ok")
        for stricter in (others, None):  # None: the system's authorities
            with pytest.raises(ConnectError):
                await got(Upstream(url, tls=stricter))
        server.close()

    run(work())

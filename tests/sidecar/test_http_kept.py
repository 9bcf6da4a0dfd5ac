"""Connections to other servers are kept, and requests repeated only where that is harmless."""

import asyncio

import pytest

from tests.sidecar.calls import OK, got, saying
from tests.sidecar.loops import LOOPBACK, echo, head_of, run, serving, talking, until
from zerotouch_sidecar.http.body import HIGH_WATER_BYTES
from zerotouch_sidecar.http.errors import Disconnected
from zerotouch_sidecar.http.limits import UpstreamLimits
from zerotouch_sidecar.http.upstream import Upstream


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
    "method, said",
    [(b"GET", OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"), (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nbody")],
    ids=["another answer", "a body for HEAD"],
)
def test_bytes_that_nobody_asked_for_end_the_connection(method: bytes, said: bytes) -> None:
    """They would be taken for the next answer."""
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await head_of(reader)
        writer.write(OK if connections > 1 else said)
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")

    async def work() -> None:
        async with talking(talk) as port:
            upstream = Upstream(f"http://{LOOPBACK}:{port}")
            assert (await got(upstream, method))[0] == 200
            assert await got(upstream) == (200, b"ok")

    run(work())
    assert connections == 2


def test_only_so_many_connections_are_kept_and_only_so_long() -> None:
    async def work() -> None:
        async with serving(echo) as server:
            upstream = Upstream(f"http://{LOOPBACK}:{server.port}", limits=UpstreamLimits(kept_connections=2, kept_seconds=0.1))
            await asyncio.gather(*(got(upstream, b"POST", b"x" * 300_000) for _ in range(8)))
            await until(lambda: server.connections <= 2)
            await until(lambda: server.connections == 0)

    run(work())

"""What is too much, too slow or too many is told so, or ended."""

import asyncio
from dataclasses import replace

import pytest

from tests.sidecar.loops import GET, LOOPBACK, POST, Connection, ask, connected, echo, run, serving, until
from zerotouch_sidecar.http.body import Body
from zerotouch_sidecar.http.errors import ClientGone
from zerotouch_sidecar.http.limits import ServerLimits
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.http.reader import Head, RequestReader
from zerotouch_sidecar.http.server import serve

LIMITS = ServerLimits()


def test_the_rest_of_a_body_that_was_sent_ahead_is_not_waited_for_for_ever() -> None:
    async def work() -> None:
        async with serving(echo, replace(LIMITS, idle_seconds=0.2)) as server, connected(server.port) as client:
            await client.send(POST % 3 + b"one" + POST % 6 + b"two")
            assert (await client.answer())[2] == b"one"
            assert (await client.answer())[0] == 408

    run(work())


def test_a_client_that_sends_too_many_requests_ahead_is_cut_off() -> None:
    async def work() -> bytes:
        async with serving(echo) as server:
            return await ask(server.port, GET * 2000)

    assert 0 < run(work()).count(b"x-target") < 2000


@pytest.mark.parametrize("ahead, status", [(GET * 2000, 429), (b"GET / HTTP/1.1\r\n\r\n", 400)])
def test_what_is_refused_while_a_request_before_it_runs_is_counted(ahead: bytes, status: int) -> None:
    async def work() -> None:
        refused = asyncio.get_running_loop().create_future()

        async def waits(_: Request, answer: Responder) -> None:
            assert await refused == status
            await answer.send(200, [], b"")

        server = await serve(waits, LOOPBACK, 0, LIMITS, refused.set_result)
        assert (await ask(server.port, GET + ahead)).count(b" 200 ") == 1
        await server.drain(0)

    run(work())


@pytest.mark.parametrize(
    "sent, limits, status",
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 5000 + b"\r\n\r\n", replace(LIMITS, header_bytes=4096), 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 500_000, replace(LIMITS, header_bytes=4096), 431),
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", replace(LIMITS, header_bytes=4096), 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 300 + b"\r\n", LIMITS, 431),
        (POST % 101 + b"x" * 101, replace(LIMITS, body_bytes=100), 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + b"x" * 101, replace(LIMITS, body_bytes=100), 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 20_000, LIMITS, 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 500_000, LIMITS, 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 500_000, LIMITS, 431),
        (b"GET / HTTP/1.1\r\nHost: ", replace(LIMITS, header_seconds=0.05), 408),
        (POST % 10 + b"x", replace(LIMITS, idle_seconds=0.05), 408),
    ],
    ids=[
        "header",
        "endless header",
        "target",
        "headers",
        "announced body",
        "chunked body",
        "trailers",
        "endless trailer",
        "endless extension",
        "slow head",
        "slow body",
    ],
)
def test_what_is_too_much_or_too_slow_is_told_so(sent: bytes, limits: ServerLimits, status: int) -> None:
    async def work() -> bytes:
        async with serving(echo, limits) as server:
            return await ask(server.port, sent)

    said = run(work())
    assert said.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in said


def test_a_head_is_not_measured_with_the_body_before_it() -> None:
    targets: list[bytes] = []

    def begin(head: Head) -> Body:
        targets.append(head.target)
        return Body(head.length)

    reader = RequestReader(replace(LIMITS, header_bytes=1000), begin)
    for piece in (POST % 2000 + b"x" * 2000 + GET[:20], GET[20:30], GET[30:]):
        reader.feed(piece)
    assert targets == [b"/a", b"/a"]


def test_a_byte_now_and_then_does_not_keep_a_head_open() -> None:
    async def work() -> bool:
        async with serving(echo, replace(LIMITS, header_seconds=0.2)) as server, connected(server.port) as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
            closed = asyncio.ensure_future(client.is_closed())
            while not closed.done():
                client.writer.write(b"x")
                await asyncio.sleep(0.01)
            return True

    assert run(work())


def test_a_connection_without_requests_is_ended() -> None:
    async def work() -> None:
        async with serving(echo, replace(LIMITS, idle_seconds=0.05)) as server:
            async with connected(server.port) as client:
                assert await client.is_closed()
            async with connected(server.port) as client:
                await client.send(GET)
                assert (await client.answer())[0] == 200
                assert await client.is_closed()

    run(work())


def test_a_client_that_does_not_read_is_ended_and_its_handler_told() -> None:
    ended: list[str] = []

    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [])
        try:
            while True:
                await responder.write(b"x" * 65536)
        except (ClientGone, asyncio.CancelledError) as error:
            ended.append(type(error).__name__)
            raise

    async def work() -> None:
        async with serving(handler, replace(LIMITS, idle_seconds=0.2)) as server, connected(server.port) as client:
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a transport that reads too
            await client.send(GET)
            await until(lambda: bool(ended))

    run(work())


def test_one_connection_too_many_is_told_so() -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        started.set()
        await go_on.wait()
        await responder.send(200, [])

    async def work() -> None:
        async with serving(handler, replace(LIMITS, connections=1)) as server, connected(server.port) as first:
            await first.send(GET)
            await started.wait()
            assert (await ask(server.port, b"")).startswith(b"HTTP/1.1 503 ")
            go_on.set()
            assert (await first.answer())[0] == 200

    run(work())


def test_a_new_connection_takes_the_place_of_the_one_that_has_waited_longest() -> None:
    async def served(client: Connection) -> bool:
        await client.send(GET)
        return (await client.answer())[0] == 200

    async def work() -> None:
        async with (
            serving(echo, replace(LIMITS, connections=3)) as server,
            connected(server.port) as begun,
            connected(server.port) as long,
            connected(server.port) as short,
        ):
            await begun.send(GET[:-2])  # a head that is not whole waits too, but behind those that ask for nothing
            await until(lambda: any(each.is_in_head for each in server._listener.connections))
            assert await served(long)
            now = asyncio.get_running_loop().time()
            await until(lambda: asyncio.get_running_loop().time() > now)  # uvloop's clock has whole milliseconds
            assert await served(short)
            async with connected(server.port) as new:
                assert await served(new)
                assert await long.is_closed()
                assert await served(short)
                await begun.send(GET[-2:])
                assert (await begun.answer())[0] == 200

    run(work())

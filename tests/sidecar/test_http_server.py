"""The server's promises to clients of every kind: the quick, the slow, the greedy, and those that leave."""

import asyncio
import socket
from dataclasses import replace

import pytest

from tests.sidecar.loops import LOOPBACK, Connection, ask, connected, echo, endless, run, serving, until
from zerotouch_sidecar.http.body import HIGH_WATER_BYTES
from zerotouch_sidecar.http.errors import ClientGone
from zerotouch_sidecar.http.limits import ServerLimits
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.http.server import listening

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
LIMITS = ServerLimits()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_everywhere_is_everywhere_of_ipv6_too(host: str) -> None:
    with listening(host, 0) as listener:
        for called in ("127.0.0.1", "::1"):
            socket.create_connection((called, listener.getsockname()[1]), timeout=10).close()


def test_a_connection_serves_one_request_after_the_other() -> None:
    async def work() -> None:
        async with serving(echo) as server, connected(server.port) as client:
            for body in (b"", b"one", b"x" * 100_000):
                await client.send(POST % len(body) + body)
                status, headers, answer = await client.answer()
                assert (status, headers[b"x-target"], answer) == (200, b"/a", body)

    run(work())


def test_requests_that_are_sent_ahead_are_answered_in_order() -> None:
    async def work() -> None:
        async with serving(echo) as server, connected(server.port) as client:
            await client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(100)))
            assert [(await client.answer())[1][b"x-target"] for _ in range(100)] == [b"/%d" % n for n in range(100)]

    run(work())


def test_the_body_of_a_request_that_is_sent_ahead_may_arrive_after_the_answer_before_it() -> None:
    async def work() -> None:
        async with serving(echo) as server, connected(server.port) as client:
            await client.send(POST % 3 + b"one" + POST % 6 + b"two")
            assert (await client.answer())[2] == b"one"
            await client.send(b"two" + GET)
            assert (await client.answer())[2] == b"twotwo"
            assert (await client.answer())[0] == 200

    run(work())


def test_the_rest_of_a_body_that_was_sent_ahead_is_not_waited_for_for_ever() -> None:
    async def work() -> None:
        async with serving(echo, replace(LIMITS, idle_seconds=0.2)) as server, connected(server.port) as client:
            await client.send(POST % 3 + b"one" + POST % 6 + b"two")
            assert (await client.answer())[2] == b"one"
            assert (await client.answer())[0] == 408

    run(work())


def test_a_body_that_was_left_unread_does_not_hold_up_the_next_request() -> None:
    async def refusing(request: Request, responder: Responder) -> None:
        await until(lambda: request.body.is_complete)
        await responder.send(404, [])

    async def work() -> None:
        async with serving(refusing) as server, connected(server.port) as client:
            await client.send(POST % (HIGH_WATER_BYTES + 1) + b"x" * (HIGH_WATER_BYTES + 1))
            assert (await client.answer())[0] == 404
            await client.send(POST % 3 + b"one")
            assert (await client.answer())[0] == 404

    run(work())


def test_a_client_that_sends_too_many_requests_ahead_is_cut_off() -> None:
    async def work() -> bytes:
        async with serving(echo) as server:
            return await ask(server.port, GET * 2000)

    assert 0 < run(work()).count(b"x-target") < 2000


def test_chunks_arrive_as_they_are_sent_and_trailers_are_dropped() -> None:
    async def work() -> None:
        async with serving(echo) as server, connected(server.port) as client:
            await client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for size in (1, 10, 70_000):
                await client.send(b"%x;ext=1\r\n" % size + b"y" * size + b"\r\n")
            await client.send(b"0\r\nHost: evil\r\nX-Trailer: 1\r\n\r\n" + GET)
            assert await client.answer() == (200, {b"x-target": b"/a", b"content-length": b"70011"}, b"y" * 70_011)
            assert (await client.answer())[0] == 200

    run(work())


def test_a_client_that_asks_first_is_told_to_go_on_when_its_body_is_wanted() -> None:
    async def work() -> None:
        async with serving(echo) as server, connected(server.port) as client:
            await client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            await client.send(b"hi")
            assert (await client.answer())[2] == b"hi"

    run(work())


def test_a_client_that_asks_first_is_spared_sending_what_is_refused() -> None:
    async def refuse(request: Request, responder: Responder) -> None:
        await responder.send(403, [], b"no")

    async def work() -> bytes:
        async with serving(refuse) as server:
            return await ask(server.port, b"POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n")

    said = run(work())
    assert said.startswith(b"HTTP/1.1 403 ")
    assert b"connection: close" in said


@pytest.mark.parametrize("status", [204, 304])
def test_answers_that_have_no_body_have_none(status: int) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.send(status if request.method == b"GET" else 200, [], b"body")

    async def work() -> bytes:
        async with serving(handler) as server:
            return await ask(server.port, GET + b"HEAD /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    said = run(work())
    assert said.count(b"HTTP/1.1 ") == 2
    assert said.endswith(b"\r\n\r\n")


def test_http_1_0_gets_a_body_that_ends_with_the_connection() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [])
        await responder.write(b"one")
        await responder.end(b"two")

    async def work() -> bytes:
        async with serving(handler) as server:
            return await ask(server.port, b"GET / HTTP/1.0\r\n\r\n")

    assert run(work()) == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nonetwo"


@pytest.mark.parametrize("is_over", [False, True], ids=["under way", "written"])
def test_http_1_0_is_told_when_draining_cuts_an_answer(is_over: bool) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [])
        if is_over:
            await responder.end(b"x" * 32 * 2**20)
        await responder.write(b"half")
        await asyncio.Event().wait()

    async def work() -> None:
        async with serving(handler) as server, connected(server.port) as client:
            await client.send(b"GET / HTTP/1.0\r\n\r\n")
            await client.reader.readuntil(b"\r\n\r\n")
            await server.drain(0.05)
            with pytest.raises(ConnectionResetError):
                await client.reader.read()

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
        (b"GET / HTTP/1.1\r\nHost: ", replace(LIMITS, header_seconds=0.05), 408),
        (POST % 10 + b"x", replace(LIMITS, idle_seconds=0.05), 408),
    ],
    ids=["header", "endless header", "target", "headers", "announced body", "chunked body", "trailers", "slow head", "slow body"],
)
def test_what_is_too_much_or_too_slow_is_told_so(sent: bytes, limits: ServerLimits, status: int) -> None:
    async def work() -> bytes:
        async with serving(echo, limits) as server:
            return await ask(server.port, sent)

    said = run(work())
    assert said.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in said


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


def test_a_handler_ends_when_its_client_leaves_and_may_put_things_in_order() -> None:
    seen: list[str] = []

    async def handler(request: Request, responder: Responder) -> None:
        try:
            seen.append("started")
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            seen.append(f"gone={responder.gone}")

    async def work() -> None:
        async with serving(handler) as server:
            async with connected(server.port) as client:
                await client.send(GET)
                await until(lambda: seen == ["started"])
            await until(lambda: len(seen) == 2)

    run(work())
    assert seen == ["started", "gone=True"]


def test_work_behind_a_whole_answer_goes_on_when_the_client_leaves() -> None:
    seen: list[str] = []

    async def handler(request: Request, responder: Responder) -> None:
        await responder.send(200, [])
        await until(lambda: "left" in seen)
        seen.append("done")

    async def work() -> None:
        async with serving(handler) as server:
            async with connected(server.port) as client:
                await client.send(GET)
                await client.answer()
            await until(lambda: server.connections == 0)
            seen.append("left")
            await until(lambda: "done" in seen)

    run(work())


@pytest.mark.parametrize("part", ["before", "within"])
def test_a_handlers_mistake_is_a_500_or_a_cut_answer_and_never_a_whole_one(part: str) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        if part == "within":
            await responder.start(200, [])
            await responder.write(b"half")
        raise ValueError("what only the log tells")

    async def work() -> bytes:
        async with serving(handler) as server:
            return await ask(server.port, LAST)

    said = run(work())
    assert said.startswith(b"HTTP/1.1 500 ") if part == "before" else b"0\r\n\r\n" not in said
    assert b"only the log" not in said


@pytest.mark.parametrize("said", [b"short", b"longer than announced"])
def test_an_answer_that_is_not_as_long_as_announced_is_cut(said: bytes) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [(b"content-length", b"10")])
        await responder.write(said)
        await responder.end()

    async def work() -> bytes:
        async with serving(handler) as server:
            return await ask(server.port, GET + GET)

    assert run(work()).count(b"HTTP/1.1 200") <= 1


def test_a_header_of_ours_cannot_hold_a_line_break() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.send(200, [(b"x", b"a\r\nset-cookie: b")])

    async def work() -> bytes:
        async with serving(handler) as server:
            return await ask(server.port, LAST)

    said = run(work())
    assert b"set-cookie" not in said


def test_draining_answers_what_is_under_way_and_takes_nothing_new() -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        started.set()
        await go_on.wait()
        await responder.send(200, [], b"whole")

    async def work() -> None:
        async with serving(handler) as server, connected(server.port) as idle, connected(server.port) as busy:
            await busy.send(GET)
            await started.wait()
            await until(lambda: server.connections == 2)
            port = server.port
            draining = asyncio.ensure_future(server.drain(20))
            assert await idle.is_closed()
            with pytest.raises(ConnectionError):
                await ask(port, GET)
            go_on.set()
            status, headers, body = await busy.answer()
            assert (status, headers[b"connection"], body) == (200, b"close", b"whole")
            await draining

    run(work())


def test_draining_waits_until_a_slow_client_has_read_the_whole_answer() -> None:
    written = asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [(b"content-length", b"%d" % (100 * 45_000))])
        for _ in range(100):
            await responder.write(b"x" * 45_000)
        await responder.end()
        written.set()

    async def work() -> None:
        loop = asyncio.get_running_loop()
        async with serving(handler) as server:
            with socket.socket() as client:
                server._server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)  # a slow network holds little
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024)
                client.setblocking(False)  # the socket's own way of saying it
                await loop.sock_connect(client, (LOOPBACK, server.port))
                await loop.sock_sendall(client, GET)
                said = await loop.sock_recv(client, 1)
                draining = asyncio.ensure_future(server.drain(20))
                while not written.is_set():
                    said += await loop.sock_recv(client, 8 * 1024)
                for _ in range(100):  # turns of the loop, in which the rest could be cut off
                    await asyncio.sleep(0)
                while piece := await loop.sock_recv(client, 8 * 1024):
                    said += piece
                await draining
        assert len(said.partition(b"\r\n\r\n")[2]) == 100 * 45_000

    run(work())


def test_draining_ends_what_takes_longer_than_it_may() -> None:
    seen: list[str] = []

    async def work() -> None:
        async with serving(endless(seen)) as server, connected(server.port) as client:
            await client.send(GET)
            await until(lambda: seen == ["started"])
            await server.drain(0.05)
            assert seen == ["started", "ended"]
            assert await client.is_closed()

    run(work())

"""A server that ends answers what is under way first."""

import asyncio
import socket

import pytest

from tests.sidecar.loops import GET, LOOPBACK, ask, connected, endless, run, serving, until
from zerotouch_sidecar.http.message import Request, Responder


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

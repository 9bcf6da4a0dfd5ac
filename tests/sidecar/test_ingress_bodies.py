"""Bodies pass the ingress as they come, in both directions and in bounded memory."""

import asyncio
import resource
import socket
import tracemalloc
from contextlib import ExitStack

import pytest

from tests.sidecar.agents import GET, agent, fronting
from tests.sidecar.loops import LOOPBACK, connected, head_of, run, talking
from zerotouch_function.apis.agenttype.sidecar import MAX_CONNECTIONS
from zerotouch_function.resources.sizes import SIDECAR_SIZES
from zerotouch_sidecar.http.message import Request, Responder

MIB = 2**20


def test_an_event_reaches_the_client_before_the_next_one_is_made() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [(b"content-type", b"text/event-stream")])
        for number in range(5):
            await responder.write(b"data: %d\n\n" % number)
            await received[number].wait()
        await responder.end()

    async def work() -> None:
        async with agent(handler) as front, connected(front.port) as client:
            await client.send(GET % b"")
            await head_of(client.reader)
            for number in range(5):
                assert await client.chunk() == b"data: %d\n\n" % number
                received[number].set()
            assert await client.chunk() == b""

    received = [asyncio.Event() for _ in range(5)]
    run(work())


def test_the_head_reaches_the_client_before_the_first_event_is_made() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [(b"content-type", b"text/event-stream")])
        await seen.wait()
        await responder.end(b"data: 1\n\n")

    async def work() -> None:
        async with agent(handler) as front, connected(front.port) as client:
            await client.send(GET % b"")
            await head_of(client.reader)
            seen.set()
            assert await client.chunk() == b"data: 1\n\n"

    seen = asyncio.Event()
    run(work())


def test_a_request_reaches_the_agent_while_it_is_being_sent() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [])
        async for chunk in request.body:
            await responder.write(chunk.upper())
        await responder.end()

    async def work() -> None:
        async with agent(handler) as front, connected(front.port) as client:
            await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for word in (b"one", b"two", b"three"):
                await client.send(b"%x\r\n%b\r\n" % (len(word), word))
                if word == b"one":
                    await head_of(client.reader)
                assert await client.chunk() == word.upper()
            await client.send(b"0\r\n\r\n")
            assert await client.chunk() == b""

    run(work())


@pytest.mark.parametrize("speaker", ["agent", "client"])
def test_an_exchange_in_which_one_side_alone_speaks_is_not_idle(speaker: str) -> None:
    words, first, end = 50, b"1\r\ny\r\n", b"0\r\n\r\n"

    async def speak(writer: asyncio.StreamWriter) -> None:
        for _ in range(words):
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.04)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + first)
        if speaker == "agent":
            await speak(writer)
        else:
            await reader.readuntil(end)
        writer.write(end)
        await reader.read()

    async def work() -> bytes:
        async with talking(talk) as port, fronting(port, idle_seconds=1.5) as front, connected(front.port) as client:
            await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + first)
            if speaker == "client":
                await speak(client.writer)
                await client.send(end)
            return (await client.answer())[2]

    assert run(work()) == b"y" + (b"x" * words if speaker == "agent" else b"")


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_large_body_passes_in_bounded_memory(way: str) -> None:
    """128 MiB: what the whole process may grow by is a fraction of it."""
    size, piece = 128 * MIB, b"z" * MIB

    async def handler(request: Request, responder: Responder) -> None:
        taken = 0
        async for chunk in request.body:
            taken += len(chunk)
        await responder.start(200, [(b"x-taken", b"%d" % taken)])
        for _ in range(size // MIB if way == "down" else 0):
            await responder.write(piece)
        await responder.end()

    async def work() -> None:
        async with agent(handler) as front, connected(front.port) as client:
            length = size if way == "up" else 0
            await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % length)
            for _ in range(length // MIB):
                await client.send(piece)
            assert b"x-taken: %d\r\n" % length in await head_of(client.reader)
            received = 0
            while data := await client.reader.read(MIB):
                received += len(data)
            assert received >= (size if way == "down" else 0)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run(work())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 48 * 1024, "KiB"


def test_a_client_that_reads_slowly_holds_the_agent_back() -> None:
    written = 0

    async def handler(request: Request, responder: Responder) -> None:
        nonlocal written
        await responder.start(200, [])
        while written < 256 * MIB:
            await responder.write(b"z" * MIB)
            written += MIB
        await responder.end()

    async def work() -> None:
        async with agent(handler) as front, connected(front.port) as client:
            await client.send(GET % b"")
            await head_of(client.reader)
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a transport that reads too
            before = -1
            while before != written:
                before = written
                await asyncio.sleep(0.1)

    run(work())
    assert written < 64 * MIB


@pytest.mark.parametrize("way", ["up", "down"])
def test_as_many_bodies_as_may_wait_at_once_fit_into_the_sidecars_memory(way: str) -> None:
    """Clients that do not read answers, or an agent that does not read requests: what the ingress holds for each of them."""
    clients, piece, pieces = 16, b"z" * 65536, 1024
    limit_bytes = int(str(SIDECAR_SIZES["small"].limits.memory).removesuffix("Mi")) * MIB
    passed = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal passed
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (pieces * len(piece)))
        for _ in range(pieces):
            writer.write(piece)
            await writer.drain()
            passed += 1

    async def ask(client: socket.socket, port: int) -> None:
        nonlocal passed
        loop = asyncio.get_running_loop()
        length = pieces * len(piece) if way == "up" else 0
        await loop.sock_connect(client, (LOOPBACK, port))
        await loop.sock_sendall(client, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length)
        for _ in range(length // len(piece)):
            await loop.sock_sendall(client, piece)
            passed += 1

    async def work(deaf: socket.socket, stack: ExitStack) -> int:
        async with talking(talk) as talks, fronting(talks if way == "down" else deaf.getsockname()[1]) as front:
            before_any = tracemalloc.get_traced_memory()[0]  # the loop has a buffer of its own, which all share
            asking = []
            for _ in range(clients):
                client = stack.enter_context(socket.socket())
                client.setblocking(False)  # the socket's own way of saying it
                asking.append(asyncio.ensure_future(ask(client, front.port)))
            before = -1
            while before != passed or not passed:
                before = passed
                await asyncio.sleep(0.3)
            held = tracemalloc.get_traced_memory()[0] - before_any
            for each in asking:
                each.cancel()
            return held

    tracemalloc.start()
    try:
        with socket.create_server((LOOPBACK, 0)) as deaf, ExitStack() as stack:
            held = run(work(deaf, stack))
    finally:
        tracemalloc.stop()
    assert passed < clients * pieces
    assert held / clients * MAX_CONNECTIONS < limit_bytes - 40 * MIB, "it takes 40 MiB without any"

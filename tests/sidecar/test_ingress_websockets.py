"""WebSockets through the ingress."""

import asyncio

import pytest

from tests.sidecar.agents import GET, agent, fronting
from tests.sidecar.loops import ask, connected, echo, head_of, run, talking, until

MIB = 2**20
WEBSOCKET = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def test_a_websocket_passes_both_ways_until_one_side_ends_it() -> None:
    heads: list[bytes] = []
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head_of(reader))
        writer.write(SWITCHED + b"\x81\x05hello")
        while data := await reader.read(65536):
            writer.write(data)
        ended.set()

    async def work() -> None:
        async with talking(talk) as port, fronting(port) as front:
            async with connected(front.port) as client:
                await client.send((GET % WEBSOCKET) + b"\x81\x02hi")
                head = await head_of(client.reader)
                assert head.startswith(b"HTTP/1.1 101 ")
                assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
                assert await client.reader.readexactly(11) == b"\x81\x05hello\x81\x02hi"
                large = b"\x82\x7f" + b"y" * 3 * MIB
                sending = asyncio.ensure_future(client.send(large))
                assert await client.reader.readexactly(len(large)) == large
                await sending
            await ended.wait()

    run(work())
    assert b"upgrade: websocket" in heads[0]
    assert b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==" in heads[0]


def test_the_agent_may_end_a_websocket_too() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(SWITCHED + b"bye")
        await writer.drain()

    async def work() -> None:
        async with talking(talk) as port, fronting(port) as front:
            said = await ask(front.port, GET % WEBSOCKET)
            assert said.endswith(b"\r\n\r\nbye")
            await until(lambda: front.server.connections == 0)

    run(work())


@pytest.mark.parametrize("speaker", ["agent", "client"])
def test_a_websocket_in_which_one_side_alone_speaks_is_not_idle(speaker: str) -> None:
    words = 50
    heard: list[bytes] = []

    async def speak(writer: asyncio.StreamWriter) -> None:
        for _ in range(words):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.04)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(SWITCHED)
        if speaker == "agent":
            await speak(writer)
        while data := await reader.read(100):
            heard.append(data)

    async def work() -> None:
        async with talking(talk) as port, fronting(port, idle_seconds=1.5) as front, connected(front.port) as client:
            await client.send(GET % WEBSOCKET)
            await head_of(client.reader)
            if speaker == "client":
                await speak(client.writer)
                await until(lambda: len(b"".join(heard)) == words)
            else:
                assert await client.reader.readexactly(words) == b"x" * words

    run(work())


def test_a_websocket_in_which_nobody_speaks_is_ended() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(SWITCHED)
        await reader.read()

    async def work() -> None:
        async with talking(talk) as port, fronting(port, idle_seconds=0.1) as front, connected(front.port) as client:
            await client.send(GET % WEBSOCKET)
            await head_of(client.reader)
            assert await client.is_closed()

    run(work())


def test_an_agent_that_speaks_no_websocket_says_so_and_the_connection_goes_on() -> None:
    async def work() -> None:
        async with agent(echo) as front, connected(front.port) as client:
            await client.send((GET % WEBSOCKET) + GET % b"")
            assert [(await client.answer())[0] for _ in range(2)] == [200, 200]

    run(work())

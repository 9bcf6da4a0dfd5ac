"""Calls of other servers, and servers that answer them with the bytes that a test wants."""

import asyncio

from tests.sidecar.loops import Talk, head_of
from zerotouch_sidecar.http.limits import Timeouts
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

"""Real sockets on loopback: servers of ours, servers that say exactly what a test gives them, and bytes as a client sends them."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Any, Final, NoReturn, TypeVar

import uvloop

from zerotouch_sidecar.http.limits import ServerLimits
from zerotouch_sidecar.http.listener import Handler
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.http.server import Server, serve

LOOPBACK: Final = "127.0.0.1"
T = TypeVar("T")

GET: Final = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
LAST: Final = b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST: Final = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
"""Takes the length of the body."""

PATIENCE_SECONDS: Final = 30.0
"""How long a test waits for what must happen, on a machine that is busy with other things."""


class TooLongError(BaseException):
    """A test has not ended in its time. No code that is tested takes it for a failure of its own."""


@contextmanager
def bounded(seconds: float, again_seconds: float = 10.0) -> Iterator[None]:
    """Ends a test that hangs, also one whose loop waits for a task that will not be cancelled, which no time-out of the loop bounds.

    Args:
        seconds: How long the test may take.
        again_seconds: How long what it leaves may take to end each time that it was told.
    """

    def too_long(_: int, __: FrameType | None) -> NoReturn:
        raise TooLongError(f"the test has not ended in {seconds:g} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds, again_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a test's coroutine on the sidecar's own loop."""

    async def bounded() -> T:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await work

    return uvloop.run(bounded())


@asynccontextmanager
async def serving(handler: Handler, limits: ServerLimits | None = None) -> AsyncIterator[Server]:
    """A server of ours."""
    server = await serve(handler, LOOPBACK, 0, limits or ServerLimits())
    try:
        yield server
    finally:
        await server.drain(0)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[int]:
    """A server that says what a test wants, and the port it listens on."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the test is over, or its client is
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(accept, LOOPBACK, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()


async def head_of(reader: asyncio.StreamReader) -> bytes:
    """A message's head."""
    return await reader.readuntil(b"\r\n\r\n")


async def ask(port: int, data: bytes) -> bytes:
    """Sends bytes and returns all that comes back until the other side closes."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(data)
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


class Connection:
    """A client's connection, by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[bytes, bytes], bytes]:
        """One whole answer: status, headers, body."""
        head = await head_of(self.reader)
        lines = head.split(b"\r\n")[1:-2]
        headers = {name.lower(): value for name, value in (line.split(b": ", 1) for line in lines)}
        status = int(head.split(b" ", 2)[1])
        if b"content-length" in headers:
            return status, headers, await self.reader.readexactly(int(headers[b"content-length"]))
        body = b""
        if headers.get(b"transfer-encoding") == b"chunked":
            while chunk := await self.chunk():
                body += chunk
        return status, headers, body

    async def chunk(self) -> bytes:
        """One chunk of a chunked body; empty: its end."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        chunk = await self.reader.readexactly(size)
        assert await self.reader.readexactly(2) == b"\r\n"
        return chunk

    async def is_closed(self) -> bool:
        """Waits for the other side to end the connection."""
        try:
            return await self.reader.read() == b""
        except ConnectionResetError:
            return True


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """A client's connection."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port, limit=2**20)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


async def until(condition: Callable[[], bool]) -> None:
    """Waits for something that must become true."""
    while not condition():
        await asyncio.sleep(0.002)


async def echo(request: Request, responder: Responder) -> None:
    """Answers with what was asked."""
    await responder.send(200, [(b"x-target", request.target)], await request.body.read(2**24))


def endless(seen: list[str]) -> Handler:
    """A handler that never answers, and notes when it has started and when it has ended."""

    async def handler(request: Request, responder: Responder) -> None:
        try:
            seen.append("started")
            await asyncio.Event().wait()
        finally:
            seen.append("ended")

    return handler

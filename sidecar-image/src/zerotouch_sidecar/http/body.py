"""A body that arrives in pieces: fed by a connection, read by whoever handles the message, never held whole."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final

from zerotouch_sidecar.http.errors import BodyTooLarge

HIGH_WATER_BYTES: Final = 32 * 1024
"""With more than this waiting to be read, the connection is no longer read from; with more waiting to be sent, the writer waits."""

LOW_WATER_BYTES: Final = 16 * 1024
"""With this much left, it is read from again."""


def _nothing() -> None:
    return


class Body:
    """The bytes of one message, in order. Iterate over it, or `read` it whole; one reader, once.

    Attributes:
        length: Bytes that the message announced; None: it ends when it ends.
    """

    __slots__ = ("_chunks", "_error", "_held", "_is_paused", "_on_need", "_pause", "_resume", "_waiter", "is_complete", "length")

    def __init__(self, length: int | None = None, pause: Callable[[], None] = _nothing, resume: Callable[[], None] = _nothing) -> None:
        self.length = length
        self.is_complete = False
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._is_paused = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._on_need: Callable[[], None] | None = None
        self._pause = pause
        self._resume = resume

    def before_first_read(self, action: Callable[[], None]) -> None:
        """Calls this once, when a reader first finds nothing: a server then tells its client to go on."""
        self._on_need = action

    def on_pressure(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """Says whom to ask to pause and to go on."""
        self._pause, self._resume = pause, resume

    # what the connection calls

    def feed(self, chunk: bytes) -> None:
        """Adds a piece; asks the connection to pause when too much waits."""
        self._chunks.append(chunk)
        self._held += len(chunk)
        if self._held > HIGH_WATER_BYTES and not self._is_paused:
            self._is_paused = True
            self._pause()
        self._wake()

    def finish(self) -> None:
        """Says that no more will come."""
        self.is_complete = True
        self._wake()

    def fail(self, error: Exception) -> None:
        """Says that the rest will never come; what has arrived can still be read."""
        if not self.is_complete and self._error is None:
            self._error = error
            self._wake()

    def discard(self) -> None:
        """Drops what is held and lets the connection go on: nobody will read this."""
        self._chunks.clear()
        self._held = 0
        self._go_on()

    # what the reader calls

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """The next piece, as it arrived."""
        while not self._chunks:
            if self.is_complete:
                raise StopAsyncIteration
            if self._error is not None:
                raise self._error
            await self._more()
        chunk = self._chunks.popleft()
        self._held -= len(chunk)
        if self._is_paused and self._held <= LOW_WATER_BYTES:
            self._go_on()
        return chunk

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body.

        Raises:
            BodyTooLarge: It is longer than the limit; the rest stays unread.
        """
        if self.length is not None and self.length > limit_bytes:
            raise BodyTooLarge(limit_bytes)
        if self.is_complete and len(self._chunks) == 1 and self._held <= limit_bytes:
            return await self.__anext__()
        chunks: list[bytes] = []
        size = 0
        async for chunk in self:
            size += len(chunk)
            if size > limit_bytes:
                raise BodyTooLarge(limit_bytes)
            chunks.append(chunk)
        return b"".join(chunks)

    async def _more(self) -> None:
        if self._on_need is not None:
            action, self._on_need = self._on_need, None
            action()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _go_on(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._resume()

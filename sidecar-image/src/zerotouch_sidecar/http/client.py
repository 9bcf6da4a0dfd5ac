"""One connection to a server that we call: one request at a time, its answer's bytes become a body."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools

from zerotouch_sidecar.http.body import HIGH_WATER_BYTES, Body
from zerotouch_sidecar.http.choke import Choke
from zerotouch_sidecar.http.errors import Disconnected, FirstByteTimeout, IdleTimeout, MalformedAnswer, UpstreamError
from zerotouch_sidecar.http.limits import Timeouts
from zerotouch_sidecar.http.message import Headers, header
from zerotouch_sidecar.http.patience import Patience
from zerotouch_sidecar.http.pauses import Pauses
from zerotouch_sidecar.http.reads import SmallReads


@dataclass(slots=True)
class Answered:
    """An answer's head, and its body as it arrives."""

    status: int
    headers: Headers
    body: Body


class ClientConnection(SmallReads):
    """One request at a time.

    Attributes:
        is_open: It can carry bytes.
        received: A byte of the current answer has arrived.
        on_free: Called when an answer is whole and another request may follow.
    """

    def __init__(self, header_bytes: int) -> None:
        self.is_open = False
        self.received = False
        self.sent = False
        self.on_free: Callable[[ClientConnection], None] | None = None
        self._header_bytes = header_bytes
        self._parser = httptools.HttpResponseParser(self)
        self._is_used_up = False
        self._method = b""
        self._headers: Headers = []
        self._asks_upgrade = False
        self._answered: asyncio.Future[Answered] | None = None
        self._body: Body | None = None
        self._is_sending = False
        self._timeouts = Timeouts()
        self._patience = Patience(self._expire)
        self._choke = Choke()
        self._reset()

    # what a caller does

    def expect(self, method: bytes, timeouts: Timeouts, *, asks_upgrade: bool) -> asyncio.Future[Answered]:
        """Begins an exchange; the future is the head of the answer."""
        if self._is_used_up:
            self._parser = httptools.HttpResponseParser(self)
            self._is_used_up = False
        self._reset()
        self.received = self.sent = False
        self._method, self._timeouts, self._asks_upgrade = method, timeouts, asks_upgrade
        self._is_sending = True
        self._patience.wait(0)
        self._answered = asyncio.get_running_loop().create_future()
        return self._answered

    def write(self, data: bytes) -> None:
        """Sends bytes of a request."""
        self.sent = True
        if self._body is not None and not self._pauses:
            self._patience.wait(self._timeouts.idle_seconds)
        self._transport.write(data)

    async def writable(self) -> None:
        """Waits until the other side has read enough."""
        await self._choke.wait()

    def written(self) -> None:
        """Says that the request is whole."""
        self._is_sending = False
        if self._answered is not None:
            self._patience.wait(self._timeouts.first_byte_seconds)
        elif self._body is None:
            self._free()

    def keep(self, seconds: float) -> None:
        """Waits for the next request, for so long at most."""
        self._patience.wait(seconds)

    def close(self) -> None:
        """Ends the connection."""
        self.is_open = False
        self._patience.stop()
        self._transport.abort()

    # what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        self._pauses = Pauses(self._transport)
        self.is_open = True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection ended, from either side."""
        self.is_open = False
        self._patience.stop()
        if self._body is not None and exc is None and self._ends_with_connection:
            self._body.finish()
        self._fail(Disconnected("the connection ended before the answer did", sent=self.sent, received=self.received))
        self._choke.release()

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer, or of what came after an upgrade."""
        if self._is_tunnel and self._body is not None:
            self._patience.wait(self._timeouts.idle_seconds)
            self._body.feed(data)
            return
        if self._answered is None and self._body is None:
            self.close()
            return
        self.received = True
        self._untold_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._after_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._break(f"what came is not an HTTP answer: {error}")
        if self._untold_bytes > self._header_bytes:
            self._break("the answer's headers are too large")
        elif self._body is not None and not self._pauses:
            self._patience.wait(self._timeouts.idle_seconds)

    def pause_writing(self) -> None:
        """The other side reads more slowly than we write."""
        self._choke.is_on = True
        if self._is_sending and self._answered is not None:
            self._patience.wait(self._timeouts.idle_seconds)

    def resume_writing(self) -> None:
        """The other side caught up."""
        if self._is_sending and self._answered is not None:
            self._patience.wait(0)
        self._choke.release()

    # what the parser calls

    def on_message_begin(self) -> None:
        """The first byte of an answer; one that nobody asked for could be taken for the next one."""
        self._headers = []
        if self._answered is None:
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; after the head a trailer, which nobody is told."""
        if self._body is None:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        status = self._parser.get_status_code()
        if 100 <= status < 200 and not (status == 101 and self._asks_upgrade):
            return
        answered, self._answered = self._answered, None
        if answered is None or answered.done():
            return
        length = header(self._headers, b"content-length")
        self._untold_bytes = 0
        self._ends_with_connection = length is None and header(self._headers, b"transfer-encoding") is None
        self._is_tunnel = status == 101
        self._body = body = Body(None if length is None else int(length), self._pause, self._resume)
        answered.set_result(Answered(status, self._headers, body))
        if self._method == b"HEAD":
            self._is_used_up = True
            self._complete()

    def on_body(self, chunk: bytes) -> None:
        """A piece of the body; of an answer to HEAD, whose rest could be taken for the next answer."""
        self._untold_bytes = 0
        if self._body is None:
            self.close()
        else:
            self._body.feed(chunk)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self._body is not None and not self._is_tunnel:
            self._complete()

    # inside

    def _reset(self) -> None:
        self._headers = []
        self._untold_bytes = 0  # since a whole head or a piece of a body: the parser holds a header or a trailer until it ends
        self._is_tunnel = False
        self._ends_with_connection = False

    def _after_upgrade(self, rest: bytes) -> None:
        if not self._is_tunnel:
            self._break("it switched to another protocol without being asked")
        elif rest and self._body is not None:
            self._body.feed(rest)

    def _complete(self) -> None:
        body, self._body = self._body, None
        self._patience.wait(0)
        if body is not None:
            body.on_pressure(lambda: None, lambda: None)
            body.finish()
        self._pauses.clear()
        if not self._parser.should_keep_alive():
            self.close()
        elif not self._is_sending:
            self._free()

    def _free(self) -> None:
        if self.on_free is not None and self.is_open:
            self.on_free(self)

    def _break(self, problem: str) -> None:
        self._fail(MalformedAnswer(problem, sent=self.sent, received=True))
        self.close()

    def _fail(self, error: UpstreamError) -> None:
        answered, self._answered = self._answered, None
        if answered is not None and not answered.done():
            answered.set_exception(error)
        body, self._body = self._body, None
        if body is not None:
            body.fail(error)

    def _pause(self) -> None:
        self._patience.wait(0)
        self._pauses.add("body")

    def _resume(self) -> None:
        self._patience.wait(self._timeouts.idle_seconds)
        self._pauses.discard("body")

    def _expire(self) -> None:
        if self._answered is not None:
            self._fail(FirstByteTimeout("no answer began in time", sent=self.sent, received=self.received))
        elif self._body is not None:
            self._fail(IdleTimeout("the answer stopped", sent=True, received=True))
        self.close()

"""One client's connection: its requests are handled one after the other, and it ends when it should."""

import asyncio
import math
import socket
import struct
from collections import deque
from typing import Final, cast

from zerotouch_sidecar.http.answer import Answer
from zerotouch_sidecar.http.body import HIGH_WATER_BYTES, Body
from zerotouch_sidecar.http.choke import Choke
from zerotouch_sidecar.http.errors import BadRequest, ClientGone
from zerotouch_sidecar.http.head import status_line, tokens, written
from zerotouch_sidecar.http.listener import Listener
from zerotouch_sidecar.http.message import Request
from zerotouch_sidecar.http.pauses import Pauses
from zerotouch_sidecar.http.problem import HEADERS, problem
from zerotouch_sidecar.http.reader import Head, RequestReader
from zerotouch_sidecar.http.reads import SmallReads

PIPELINED: Final = 256
"""Requests that may wait behind the one being answered."""

LINGER_SECONDS: Final = 2.0
"""How long a client that has the whole answer may go on sending what nobody reads, before it is cut off."""

RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER, on, for 0 s: the end of the connection is a reset."""


class ServerConnection(SmallReads):
    """Parses, and runs one handler at a time.

    Attributes:
        deadline: When the listener calls `expire`.
        choke: On while the client reads more slowly than we write.
        is_deaf: Nothing that the client sends is read any more.
        unframed: An answer to HTTP/1.0 that is whole when the connection ends.
    """

    def __init__(self, listener: Listener) -> None:
        self.deadline = math.inf
        self.choke = Choke()
        self.is_deaf = False
        self.unframed: Answer | None = None
        self._listener = listener
        self._limits = listener.limits
        self._reader = RequestReader(listener.limits, self._begin)
        self._current: tuple[Request, Answer] | None = None
        self._waiting: deque[tuple[Request, Answer]] = deque()
        self._tunnel: Body | None = None
        self._held: bytes | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_ending(self) -> bool:
        """No further request is taken from this connection."""
        return self.is_deaf or self._listener.is_draining

    @property
    def is_waiting(self) -> bool:
        """No request is being answered, and no answer waits for the client to read it."""
        return self._current is None and not self._transport.get_write_buffer_size()

    @property
    def is_in_head(self) -> bool:
        """A request has begun to arrive."""
        return self._reader.is_in_head

    # what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        self._pauses = Pauses(self._transport)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0].removeprefix("::ffff:") if isinstance(peer, tuple) else ""  # IPv4 on a socket of both families
        self._wait_for(self._limits.idle_seconds)
        if not self._listener.add(self):
            self._refuse(BadRequest(503, "too many connections"))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # why it ended changes nothing
        """The connection ended, from either side."""
        self.is_deaf = True
        gone = ClientGone("the client closed its connection")
        for request, answer in [*([self._current] if self._current else []), *self._waiting]:
            answer.gone = True
            request.body.fail(gone)
            request.tunnel.fail(gone)
        self._waiting.clear()
        self.choke.release()
        if self._task is not None and self._current is not None and not self._current[1].finished:
            self._listener.cancel(self._task)
        self._listener.remove(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of requests, or of what came after an upgrade."""
        if self._tunnel is not None:
            self._wait_for(self._limits.idle_seconds)
            self._tunnel.feed(data)
        elif self._held is not None:
            self._hold(self._held + data)
        elif not self.is_deaf:
            self._read(data)

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self.choke.is_on = True
        self._wait_for(self._limits.idle_seconds)

    def resume_writing(self) -> None:
        """The client caught up."""
        is_over = self.is_deaf and self._current is None
        self._wait_for(LINGER_SECONDS if is_over else self._limits.idle_seconds if self._tunnel is not None else math.inf)
        self.choke.release()

    # reading

    def _read(self, data: bytes, *, is_held: bool = False) -> None:
        was_in_head = self._reader.is_in_head
        try:
            rest = self._reader.resume(data) if is_held else self._reader.feed(data)
        except BadRequest as bad:
            self._refuse(bad)
            return
        if rest is not None:
            self._hold(rest)
        if self._current is None:
            if self._reader.is_in_head and not was_in_head:
                self._wait_for(self._limits.header_seconds)
        elif self._reader.body is None:
            self.deadline = self.deadline if self.choke.is_on else math.inf
        elif not self._pauses:
            self._wait_for(self._limits.idle_seconds)

    def _begin(self, head: Head) -> Body:
        body = Body(head.length, self._pause_body, self._resume_body)
        request = Request(head.method, head.target, head.headers, body, head.version, self._peer, head.is_upgrade)
        if head.length != 0 and head.version == "1.1" and request.header(b"expect"):
            body.before_first_read(self._say_continue)
        closes = head.version == "1.0" or b"close" in tokens(head.headers, b"connection")
        answer = Answer(self, request, keeps_alive=not closes)
        if self._current is None:
            self._start(request, answer)
            return body
        if len(self._waiting) >= PIPELINED:
            raise BadRequest(429, f"more than {PIPELINED} requests wait on this connection")
        self._waiting.append((request, answer))
        self._pauses.add("pipelined")
        return body

    def _hold(self, data: bytes) -> None:
        self._held = data
        if len(data) > HIGH_WATER_BYTES:
            self._pauses.add("held")

    def _say_continue(self) -> None:
        if self._current is not None and not self._current[1].started and not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # handling

    def _start(self, request: Request, answer: Answer) -> None:
        self._current = (request, answer)
        self._task = self._listener.spawn(self._handle(request, answer))

    async def _handle(self, request: Request, answer: Answer) -> None:
        await self._listener.handle(request, answer)
        self._current = self._task = None
        if not answer.gone:
            self._next(request, answer)

    def _next(self, request: Request, answer: Answer) -> None:
        request.body.discard()  # what its handler left unread must not hold up the next one
        if not answer.finished:
            self.abort()
        elif self._tunnel is not None:
            self._transport.close()
        elif not answer.keeps_alive or self.is_ending or not request.body.is_complete:
            self._linger()
        elif self._waiting:
            self._start(*self._waiting.popleft())
            if not self._waiting:  # the rest of its body may be still to come
                self._pauses.discard("pipelined")
                self._wait_for(self._limits.idle_seconds)
        else:
            self._go_on()

    def _go_on(self) -> None:
        self._wait_for(self._limits.header_seconds if self._reader.is_in_head else self._limits.idle_seconds)
        self._pauses.clear()
        held, self._held = self._held, None
        if held is not None:
            self._read(held, is_held=True)

    def _refuse(self, bad: BadRequest) -> None:
        """Answers what is not a request, unless one before it is being answered, and reads no more."""
        self.is_deaf = True
        if self._reader.body is not None:
            self._reader.body.fail(bad)
        else:
            self._listener.on_refused(bad.status)
        if self._current is not None:
            return
        body = problem(bad.status, bad.problem)
        self._transport.write(
            written(status_line(bad.status), [*HEADERS, (b"content-length", b"%d" % len(body)), (b"connection", b"close")]) + body
        )
        self._linger()

    def _linger(self) -> None:
        """Ends our side; a client that is still sending would otherwise get a reset in place of the answer."""
        self.is_deaf = True
        self._pauses.clear()
        self._wait_for(LINGER_SECONDS)
        if not self._transport.is_closing():
            self._transport.write_eof()
            self._transport.set_write_buffer_limits(high=0)  # from here on the choke is on until the client has it all

    # writing, for the answer

    def send(self, data: bytes) -> None:
        """Writes."""
        if (self._tunnel is not None or self._reader.body is not None) and not self.choke.is_on:
            self._wait_for(self._limits.idle_seconds)
        self._transport.write(data)

    def open_tunnel(self, tunnel: Body) -> None:
        """From here on the client's bytes are another protocol's."""
        tunnel.on_pressure(lambda: self._pauses.add("tunnel"), lambda: self._pauses.discard("tunnel"))
        self._tunnel = tunnel
        held, self._held = self._held, None
        if held:
            tunnel.feed(held)
        self._pauses.discard("held")
        self._wait_for(self._limits.idle_seconds)

    def abort(self) -> None:
        """Ends the connection in the middle of whatever is under way, in a way that no client takes for the end of an answer."""
        self.is_deaf = True
        answer, is_closing = self.unframed, self._transport.is_closing()
        if answer is not None and not is_closing and (not answer.finished or self._transport.get_write_buffer_size()):
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._transport.abort()

    # time and pressure

    def close_if_idle(self) -> None:
        """Ends a connection that waits for its next request."""
        if self._current is None and not self.is_deaf:
            self._linger()

    def give_way(self) -> None:
        """Ends a waiting connection at once, for another one."""
        self._listener.remove(self)
        self.abort()

    def expire(self) -> None:
        """The client took too long, over whatever it was."""
        self.deadline = math.inf
        if self.is_deaf or self.choke.is_on or self._tunnel is not None:
            self.abort()
        elif self._reader.is_in_head or (self._reader.body is not None and not self._pauses):
            self._refuse(BadRequest(408, "the request did not arrive in time"))
        elif self._current is None:
            self._transport.close()

    def _wait_for(self, seconds: float) -> None:
        self.deadline = self._listener.time() + seconds

    def _pause_body(self) -> None:
        self.deadline = math.inf
        self._pauses.add("body")

    def _resume_body(self) -> None:
        self._wait_for(self._limits.idle_seconds)
        self._pauses.discard("body")

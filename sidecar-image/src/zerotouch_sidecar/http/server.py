"""A listener: accepts connections, bounds them, runs their handlers, and drains them."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from zerotouch_sidecar.http.connection import ServerConnection
from zerotouch_sidecar.http.errors import BadRequest, BodyTooLarge, ClientGone
from zerotouch_sidecar.http.limits import ServerLimits
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.http.problem import HEADERS, problem

log = logging.getLogger(__name__)

BACKLOG: Final = 1024
"""Connections that the kernel keeps until they are accepted."""

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  # what is asked for is compared with these

Handler = Callable[[Request, Responder], Awaitable[None]]
"""Answers one request. An exception that escapes becomes a 500, or ends the connection when the answer had begun."""


class Listener:
    """What all connections of one port share."""

    def __init__(self, handler: Handler, limits: ServerLimits) -> None:
        loop = asyncio.get_running_loop()
        self.limits = limits
        self.time = loop.time
        self.is_draining = False
        self.connections: set[ServerConnection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self._loop = loop
        self._handler = handler
        self._interval = min(1.0, limits.header_seconds / 4, limits.idle_seconds / 4)
        self._timer = loop.call_later(self._interval, self._expire)

    def add(self, connection: ServerConnection) -> bool:
        """Counts a connection in; says whether it may stay. One too many takes the place of the one that has waited longest."""
        if len(self.connections) >= self.limits.connections:
            waiting = [each for each in self.connections if each.is_waiting]
            if waiting:
                min(waiting, key=lambda each: (each.is_in_head, each.deadline)).give_way()
        self.connections.add(connection)
        return len(self.connections) <= self.limits.connections

    def remove(self, connection: ServerConnection) -> None:
        """Counts a connection out."""
        self.connections.discard(connection)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs a handler in a task that is kept until it ends."""
        task = self._loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def cancel(self, task: asyncio.Task[None]) -> None:
        """Ends a handler whose client went away; one that puts things in order for too long is ended again."""
        task.cancel()
        self._loop.call_later(self.limits.cleanup_seconds, task.cancel)

    async def handle(self, request: Request, answer: Responder) -> None:
        """Calls the handler; whatever escapes from it becomes an answer, if there is still somebody to answer."""
        try:
            await self._handler(request, answer)
        except BadRequest as bad:
            await _failed(answer, bad.status, bad.problem)
        except BodyTooLarge as large:
            await _failed(answer, 413, str(large))
        except ClientGone:
            answer.abort()
        except asyncio.CancelledError:
            answer.abort()
        except Exception:
            log.exception("a request could not be handled")
            await _failed(answer, 500, "the sidecar made a mistake; its log says more")
        if not answer.finished and not answer.started and not answer.gone:
            log.error("a request was left without an answer")
            await _failed(answer, 500, "no answer was written")

    def stop(self) -> None:
        """Ends everything that is left."""
        self._timer.cancel()
        for connection in list(self.connections):
            connection.abort()
        for task in list(self.tasks):
            task.cancel()

    def _expire(self) -> None:
        now = self.time()
        for connection in [c for c in self.connections if c.deadline <= now]:
            connection.expire()
        self._timer = self._loop.call_later(self._interval, self._expire)


async def _failed(answer: Responder, status: int, detail: str) -> None:
    if answer.started or answer.gone:
        answer.abort()
        return
    try:
        await answer.send(status, HEADERS, problem(status, detail))
    except ClientGone:
        return


class Server:
    """A listener that is being served."""

    def __init__(self, listener: Listener, server: asyncio.Server) -> None:
        self._listener = listener
        self._server = server

    @property
    def port(self) -> int:
        """Where it listens: of interest when it was asked for port 0."""
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def limits(self) -> ServerLimits:
        """What connections are bounded by."""
        return self._listener.limits

    @limits.setter
    def limits(self, limits: ServerLimits) -> None:
        """Bounds connections that are made from now on otherwise."""
        self._listener.limits = limits

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._listener.connections)

    async def drain(self, seconds: float) -> None:
        """Takes no new connection, lets requests under way end, and ends what is left after so many seconds."""
        self._listener.is_draining = True
        self._server.close()
        for connection in list(self._listener.connections):
            connection.close_if_idle()
        if seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._end()
        left = list(self._listener.tasks)
        self._listener.stop()
        if left:
            await asyncio.wait(left, timeout=self._listener.limits.cleanup_seconds)

    async def _end(self) -> None:
        """Waits for answers to be made, and to be read."""
        if self._listener.tasks:
            await asyncio.wait(list(self._listener.tasks))
        for connection in list(self._listener.connections):
            await connection.choke.wait()


async def serve(handler: Handler, host: str, port: int, limits: ServerLimits) -> Server:
    """Listens, and calls the handler for each request.

    Raises:
        OSError: The port cannot be had.
    """
    listener = Listener(handler, limits)
    try:
        listens = listening(host, port)
        server = await asyncio.get_running_loop().create_server(lambda: ServerConnection(listener), sock=listens, backlog=BACKLOG)
    except OSError:
        listener.stop()
        raise
    return Server(listener, server)


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; on all of the pod's addresses, of IPv4 and IPv6 alike, where the host is one of EVERYWHERE.

    Raises:
        OSError: The port cannot be had.
    """
    if host in EVERYWHERE and socket.has_dualstack_ipv6():
        return socket.create_server(("::", port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True)
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG)

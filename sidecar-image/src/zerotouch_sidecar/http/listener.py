"""What the connections of one port share: how many there may be and how long each may wait, and the tasks of their handlers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from zerotouch_sidecar.http.choke import Choke
from zerotouch_sidecar.http.errors import BadRequest, BodyTooLarge, ClientGone
from zerotouch_sidecar.http.limits import ServerLimits
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.http.problem import HEADERS, MISTAKE, problem

log = logging.getLogger(__name__)

Handler = Callable[[Request, Responder], Awaitable[None]]
"""Answers one request. An exception that escapes becomes a 500, or ends the connection when the answer had begun."""

OnRefused = Callable[[int], None]
"""Told the status of what was refused without a handler: damage, too large a head, a client too slow or one too many."""


class Client(Protocol):
    """A client's connection, as its listener sees it.

    Attributes:
        deadline: When to call `expire`.
        choke: On while the client reads more slowly than we write.
    """

    deadline: float
    choke: Choke

    @property
    def is_waiting(self) -> bool:
        """No request is being answered, and no answer waits for the client to read it."""

    @property
    def is_in_head(self) -> bool:
        """A request has begun to arrive."""

    def give_way(self) -> None:
        """Ends a waiting connection at once, for another one."""

    def close_if_idle(self) -> None:
        """Ends a connection that waits for its next request."""

    def expire(self) -> None:
        """The client took too long, over whatever it was."""

    def abort(self) -> None:
        """Ends the connection in the middle of whatever is under way."""


class Listener:
    """What all connections of one port share."""

    def __init__(self, handler: Handler, limits: ServerLimits, on_refused: OnRefused) -> None:
        loop = asyncio.get_running_loop()
        self.limits = limits
        self.on_refused = on_refused
        self.time = loop.time
        self.is_draining = False
        self.connections: set[Client] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self._loop = loop
        self._handler = handler
        self._interval = min(1.0, limits.header_seconds / 4, limits.idle_seconds / 4)
        self._timer = loop.call_later(self._interval, self._expire)

    def add(self, connection: Client) -> bool:
        """Counts a connection in; says whether it may stay. One too many takes the place of the one that has waited longest."""
        if len(self.connections) >= self.limits.connections:
            waiting = [each for each in self.connections if each.is_waiting]
            if waiting:
                min(waiting, key=lambda each: (each.is_in_head, each.deadline)).give_way()
        self.connections.add(connection)
        return len(self.connections) <= self.limits.connections

    def remove(self, connection: Client) -> None:
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
            await _failed(answer, 500, MISTAKE)
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

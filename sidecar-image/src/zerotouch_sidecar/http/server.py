"""A server: accepts connections, and drains them."""

import asyncio
import socket
from contextlib import suppress
from typing import Final

from zerotouch_sidecar.http.connection import ServerConnection
from zerotouch_sidecar.http.limits import ServerLimits
from zerotouch_sidecar.http.listener import Handler, Listener, OnRefused

BACKLOG: Final = 1024
"""Connections that the kernel keeps until they are accepted."""

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  # what is asked for is compared with these


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


async def serve(handler: Handler, host: str, port: int, limits: ServerLimits, on_refused: OnRefused = lambda _: None) -> Server:
    """Listens, and calls the handler for each request.

    Raises:
        OSError: The port cannot be had.
    """
    listener = Listener(handler, limits, on_refused)
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

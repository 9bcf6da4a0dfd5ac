"""A listener: accepts connections, bounds them, and drains them."""

from collections.abc import Awaitable, Callable

from zerotouch_sidecar.http.limits import ServerLimits
from zerotouch_sidecar.http.message import Request, Responder

Handler = Callable[[Request, Responder], Awaitable[None]]
"""Answers one request. An exception that escapes becomes a 500, or ends the connection when the answer had begun."""


class Server:
    """A listener that is being served."""

    @property
    def port(self) -> int:
        """Where it listens: of interest when it was asked for port 0."""
        raise NotImplementedError

    async def drain(self, seconds: float) -> None:
        """Takes no new connection, lets requests under way end, and ends what is left after so many seconds."""
        raise NotImplementedError


async def serve(handler: Handler, host: str, port: int, limits: ServerLimits) -> Server:
    """Listens, and calls the handler for each request."""
    raise NotImplementedError

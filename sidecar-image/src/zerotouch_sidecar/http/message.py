"""A request as a handler sees it, and the answer that the handler writes."""

from dataclasses import dataclass, field
from typing import Protocol

from zerotouch_sidecar.http.body import Body

Headers = list[tuple[bytes, bytes]]
"""Names in lower case, in the order they came; a name may come more than once."""


def header(headers: Headers, name: bytes) -> bytes | None:
    """The first value of a header; None: it is not there."""
    for key, value in headers:
        if key == name:
            return value
    return None


@dataclass(slots=True)
class Request:
    """One request. While it is handled, the client's end of the connection cancels the handler's task.

    Attributes:
        target: As sent: path and query.
        version: `1.1` or `1.0`.
        peer: The client's address, without its port.
        is_upgrade: The client asks to speak another protocol from here on.
        tunnel: After `Responder.switch`: what the client sends in that protocol.
        notes: What its handler found out, for its span, under OpenTelemetry's names.
    """

    method: bytes
    target: bytes
    headers: Headers
    body: Body
    version: str = "1.1"
    peer: str = ""
    is_upgrade: bool = False
    tunnel: Body = field(default_factory=Body)
    notes: dict[str, str | int | float] = field(default_factory=dict)

    @property
    def path(self) -> bytes:
        """The target without its query."""
        return self.target.partition(b"?")[0]

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header, by its name in lower case."""
        return header(self.headers, name)


class Responder(Protocol):
    """Writes the answer to one request. Each method waits while the client reads more slowly than we write.

    The client's end of the connection cancels the task that handles its request (`asyncio.CancelledError`, and `gone` is true); a
    `finally` may still await, for a few seconds. Writing after it raises `ClientGone`.

    Attributes:
        status: What was answered; 0: nothing yet.
        started: The status has been said: it cannot be changed any more.
        finished: The answer is whole.
        gone: The client is no longer there.
        keeps_alive: The connection takes another request afterwards. False, before the answer starts: it ends with this one.
    """

    status: int
    started: bool
    finished: bool
    gone: bool
    keeps_alive: bool

    async def start(self, status: int, headers: Headers) -> None:
        """Says status and headers. With `content-length` the body is sent as it is, else in chunks; other framing is the server's."""

    async def write(self, chunk: bytes) -> None:
        """Sends a piece of the body at once."""

    async def end(self, chunk: bytes = b"") -> None:
        """Sends the last piece, if any, and ends the answer."""

    async def send(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """Sends a whole answer; adds `content-length`."""

    async def switch(self, headers: Headers) -> None:
        """Answers `101`; from here on `request.tunnel` has the client's bytes and `write` sends ours as they are."""

    def abort(self) -> None:
        """Ends the connection in a way that the client cannot take for the end of the answer."""

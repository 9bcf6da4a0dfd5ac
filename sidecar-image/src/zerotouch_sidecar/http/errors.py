"""What goes wrong between two HTTP programs, and what is known about how far it got.

HttpError
├── BodyTooLarge          a body is longer than what its reader takes
├── ClientGone            whoever asked is no longer there
├── BadRequest            what the client sends is not HTTP/1.1 as we take it
└── UpstreamError         the other program did not answer; `sent` and `received` say how far it got
    ├── ConnectError          no connection: refused, unknown name, TLS; nothing was sent
    ├── ConnectTimeout        the same, by waiting too long
    ├── FirstByteTimeout      sent, and no answer began in time
    ├── IdleTimeout           the answer began and stopped
    ├── Disconnected          the connection ended before the answer did
    └── MalformedAnswer       what came is not HTTP
"""

from typing import ClassVar


class HttpError(Exception):
    """Anything below."""


class BodyTooLarge(HttpError):
    """A body is longer than what its reader takes."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(f"body is longer than {limit_bytes} bytes")


class ClientGone(HttpError):
    """The client closed its connection, or stopped reading or sending for too long."""


class BadRequest(HttpError):
    """The client's bytes are not a request that this server takes.

    Args:
        status: What to answer.
        problem: What is wrong, for the client.
    """

    def __init__(self, status: int, problem: str) -> None:
        self.status = status
        self.problem = problem
        super().__init__(problem)


class UpstreamError(HttpError):
    """A request that got no whole answer.

    Args:
        problem: What happened, without addresses or bodies.
        sent: Whether a byte of the request may have reached the other side. False: repeating it is always safe.
        received: Whether a byte of the answer's body or head arrived.
    """

    kind: ClassVar[str] = "error"
    """A word for metrics and logs."""

    def __init__(self, problem: str, *, sent: bool, received: bool) -> None:
        self.sent = sent
        self.received = received
        super().__init__(problem)


class ConnectError(UpstreamError):
    """No connection could be made."""

    kind = "connect"

    def __init__(self, problem: str) -> None:
        super().__init__(problem, sent=False, received=False)


class ConnectTimeout(ConnectError):
    """No connection was made in time."""

    kind = "connect_timeout"


class FirstByteTimeout(UpstreamError):
    """The request was sent and no answer began in time."""

    kind = "first_byte_timeout"


class IdleTimeout(UpstreamError):
    """The answer began, and then nothing came for too long."""

    kind = "idle_timeout"


class Disconnected(UpstreamError):
    """The connection ended before the answer did."""

    kind = "disconnected"


class MalformedAnswer(UpstreamError):
    """What came is not an HTTP answer that we take."""

    kind = "malformed"

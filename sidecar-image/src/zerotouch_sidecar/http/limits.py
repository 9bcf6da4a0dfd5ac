"""What one connection, and all of them together, may cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Bounds of a listener."""

    connections: int = 1024
    """At once. One more takes the place of one that waits for a request; where none does it is answered 503 and closed."""

    header_bytes: int = 64 * 1024
    """Of a request's line and headers together."""

    header_count: int = 200
    """Of a request."""

    body_bytes: int = 0
    """Of a request; 0: no bound."""

    header_seconds: float = 10.0
    """From a request's first byte to the end of its headers."""

    idle_seconds: float = 600.0
    """Without a byte in either direction while a request is under way, and between two requests."""

    cleanup_seconds: float = 5.0
    """For a handler whose client went away to put things in order."""


@dataclass(frozen=True, slots=True)
class UpstreamLimits:
    """Bounds of what is kept for one server that we call."""

    kept_connections: int = 64
    """Connections that wait for their next request."""

    kept_seconds: float = 30.0
    """How long one waits. Shorter than the other side's limit, or a request may meet its end."""

    header_bytes: int = 64 * 1024
    """Of an answer's status line and headers together."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one call may take at each step, in seconds; 0: for ever."""

    connect_seconds: float = 5.0
    first_byte_seconds: float = 0.0
    """From the request's last byte to the answer's first."""

    idle_seconds: float = 0.0
    """Between two pieces of the answer, while no more of the request is sent either."""

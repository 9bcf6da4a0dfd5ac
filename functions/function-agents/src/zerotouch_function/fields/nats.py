"""A list of NATS servers, as NATS's clients read one."""

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

DEFAULT_PORTS: Final = {"nats": 4222, "tls": 4222, "ws": 80, "wss": 443}
"""By scheme, the port of a server that is listed without one."""


class Server(Struct, frozen=True):
    """One server: a name or an address, and the port where it takes clients."""

    host: str
    port: int


@lru_cache(1024)
def servers(urls: str) -> tuple[Server, ...]:
    """The servers of a list with commas, in its order. One without a scheme has `nats://`; what is empty is none.

    Raises:
        ValueError: One has no host, or a port that is none.
    """
    return tuple(_server(url if "://" in url else f"nats://{url}") for url in urls.split(",") if url)


def _server(url: str) -> Server:
    parts = urlsplit(url)
    if not parts.hostname or parts.port == 0:
        raise ValueError(url)
    return Server(parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme, DEFAULT_PORTS["nats"]))

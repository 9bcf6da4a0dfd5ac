"""Ports of this machine."""

import socket
from dataclasses import dataclass
from typing import Final

from zerotouch.errors import CommandError
from zerotouch_contract import ports

HOST: Final = "127.0.0.1"
"""Nothing that `run` starts can be reached from another machine."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the sidecar and NATS listen."""

    ingress: int
    local_api: int
    ops: int
    nats: int


def choose(ingress: int | None) -> Ports:
    """The numbers of the pod where they are free, and any others where they are not.

    Args:
        ingress: The port that the user asked for; None for the pod's own.

    Raises:
        CommandError: The port that was asked for is taken.
    """
    if ingress and not _is_free(ingress):
        raise CommandError(f"--port: {ingress} is taken on this machine; choose another, or leave it out")
    taken = {ingress} if ingress else set()
    chosen: list[int] = []
    for wanted in (ports.LOCAL_API, ports.OPS, 0):
        port = wanted if wanted and wanted not in taken and _is_free(wanted) else _any(taken)
        taken.add(port)
        chosen.append(port)
    own = ports.INGRESS if ports.INGRESS not in taken and _is_free(ports.INGRESS) else _any(taken)
    return Ports(ingress or own, *chosen)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _any(taken: set[int | None] | set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port

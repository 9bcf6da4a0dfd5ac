"""Ports of this machine."""

import fcntl
import os
import secrets
import socket
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from zerotouch.errors import CommandError
from zerotouch_contract import ports

HOST: Final = "127.0.0.1"
"""Nothing that `run` starts can be reached from another machine."""

FIRST: Final = 20000
COUNT: Final = 10000
"""Below the ports that systems use for outgoing connections (Linux: 32768 and up), which may be taken at any moment."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the sidecar and NATS listen."""

    ingress: int
    local_api: int
    ops: int
    nats: int


def take_turn() -> IO[str]:
    """Waits until no other run of this user is between choosing its ports and listening on them. Close it to let the next one go."""
    handle = (Path(tempfile.gettempdir()) / f"zerotouch-run-{os.getuid()}.lock").open("a")  # whatever may lie there is not emptied
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def choose(ingress: int | None, agent: int) -> Ports:
    """The numbers of the pod where they are free, and any others where they are not.

    Args:
        ingress: The port that the user asked for; None for the pod's own.
        agent: Where the agent itself will listen: whoever is there before it would be taken for the agent.

    Raises:
        CommandError: The port that was asked for is taken, or the agent's is.
    """
    if ingress == agent:
        raise CommandError(f"--port: {ingress} is spec.agent.port, where the agent itself listens; choose another, or leave it out")
    if not _is_free(agent):
        raise CommandError(f"spec.agent.port: {agent} is taken on this machine; stop what listens there, or change the port")
    if ingress and not _is_free(ingress):
        raise CommandError(f"--port: {ingress} is taken on this machine; choose another, or leave it out")
    taken = {ingress, agent} if ingress else {agent}
    chosen: list[int] = []
    for wanted in (ports.LOCAL_API, ports.OPS, 0):
        port = wanted if wanted and wanted not in taken and _is_free(wanted) else any_free(taken)
        taken.add(port)
        chosen.append(port)
    own = ports.INGRESS if ports.INGRESS not in taken and _is_free(ports.INGRESS) else any_free(taken)
    return Ports(ingress or own, *chosen)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def any_free(taken: Collection[int | None] = ()) -> int:
    """A port that nothing listens on, and that the system gives to nobody who merely connects."""
    while True:
        port = FIRST + secrets.randbelow(COUNT)
        if port not in taken and _is_free(port):
            return port

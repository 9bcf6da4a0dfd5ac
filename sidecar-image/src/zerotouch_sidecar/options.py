"""What the sidecar is started with."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zerotouch_contract import environment, paths, ports
from zerotouch_sidecar.errors import StartError

CONFIG: Final = f"{paths.SIDECAR_CONFIG}/{paths.SIDECAR_CONFIG_KEY}"


LOOPBACK: Final = "127.0.0.1"
"""The pod's token must not work from outside the pod: the local API listens nowhere else."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that does not change while the sidecar runs.

    Attributes:
        state: Folder that outlives the sidecar's container; None: nothing is kept.
    """

    config: Path
    state: Path | None
    ingress: Address
    local: Address
    ops: Address
    token: str
    pod: str


def parse_options(arguments: Sequence[str], variables: Mapping[str, str] = os.environ) -> Options:
    """Reads the command line and the environment.

    Raises:
        StartError: Something is missing or is not what it should be.
    """
    parser = argparse.ArgumentParser(prog="zerotouch-sidecar", description="The sidecar of one agent.")
    parser.add_argument("--config", type=Path, default=Path(CONFIG), help="sidecar.json; read again when it changes (%(default)s)")
    parser.add_argument("--state", type=Path, default=Path(paths.SIDECAR_STATE), help="folder that outlives a restart (%(default)s)")
    parser.add_argument("--host", default="0.0.0.0", help="where ingress and ops listen (%(default)s: everywhere, IPv6 too)")  # noqa: S104  # a Service leads here
    parser.add_argument("--ingress-port", type=int, default=ports.INGRESS, help="the way in (%(default)s)")
    parser.add_argument("--local-port", type=int, default=ports.LOCAL_API, help="the agent's way out, on loopback only (%(default)s)")
    parser.add_argument("--ops-port", type=int, default=ports.OPS, help="health and metrics (%(default)s)")
    given = parser.parse_args(arguments)
    token = variables.get(environment.AGENT_TOKEN, "")
    if not token:
        raise StartError(environment.AGENT_TOKEN, "is not set", "give the pod's UID with fieldRef metadata.uid")
    host = given.host.strip("[]")
    return Options(
        config=given.config,
        state=given.state if given.state.is_dir() else None,
        ingress=_address(host, "--ingress-port", given.ingress_port),
        local=_address(LOOPBACK, "--local-port", given.local_port),
        ops=_address(host, "--ops-port", given.ops_port),
        token=token,
        pod=variables.get(environment.POD_NAME, ""),
    )


def _address(host: str, option: str, port: int) -> Address:
    if not 0 <= port <= 65535:
        raise StartError(option, f"{port} is no port", "choose one of 1 to 65535, or 0 for any")
    return Address(host, port)

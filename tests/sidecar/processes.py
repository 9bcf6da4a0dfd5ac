"""The sidecar as a process of its own, started as its image starts it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.sidecar.loops import LOOPBACK, PATIENCE_SECONDS

TOKEN: Final = "0b6b7a3e-pod-uid"


@dataclass
class Sidecar:
    """A running sidecar."""

    process: subprocess.Popen[bytes]
    config: Path
    log: Path
    ports: dict[str, int] = field(default_factory=dict)

    def get(self, listener: str, path: str, *, token: str = "", body: bytes | None = None) -> tuple[int, bytes]:
        """Asks one of its listeners."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"http://{LOOPBACK}:{self.ports[listener]}{path}", data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def info(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("ops", "/_agent/info")[1])
        return found

    def metric(self, line: str) -> bool:
        return line in self.get("ops", "/metrics")[1].decode()

    def events(self) -> list[dict[str, Any]]:
        """What it logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def end(self) -> int:
        """Ends it as the kubelet does."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


def wait_for(condition: Callable[[], bool]) -> None:
    """Waits until a function says yes."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.01)


def write(path: Path, document: Mapping[str, Any] | str) -> None:
    """Replaces a file at once, as the kubelet does."""
    text = document if isinstance(document, str) else json.dumps(document)
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def minimal(port: int, **more: Any) -> dict[str, Any]:
    return {"schemaVersion": 1, "agent": {"name": "researcher", "namespace": "ns", "port": port}, **more}


@contextmanager
def sidecar(
    document: Mapping[str, Any] | str, state: Path | None = None, token: str = TOKEN, plugins: Path | None = None
) -> Iterator[Sidecar]:
    """A sidecar that has read its configuration and listens; `plugins` is a folder of installed packages."""
    with tempfile.TemporaryDirectory() as folder:
        config, log = Path(folder) / "sidecar.json", Path(folder) / "log"
        write(config, document)
        command = [sys.executable, "-m", "zerotouch_sidecar", "--config", str(config), "--state", str(state or Path(folder) / "none")]
        command += ["--host", LOOPBACK, "--ingress-port", "0", "--local-port", "0", "--ops-port", "0"]
        with log.open("wb") as output:
            variables = {"AGENT_TOKEN": token, "POD_NAME": "researcher-0", **({"PYTHONPATH": str(plugins)} if plugins else {})}
            process = subprocess.Popen(command, stderr=output, env={**os.environ, **variables})
        running = Sidecar(process, config, log)
        try:
            wait_for(lambda: process.poll() is not None or any(event["event"] == "ready" for event in running.events()))
            ready = [event for event in running.events() if event["event"] == "ready"]
            running.ports = ready[0]["ports"] if ready else {}
            yield running
        finally:
            process.kill()
            process.wait()

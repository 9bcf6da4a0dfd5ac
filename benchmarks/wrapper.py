"""What the agents' wrapper costs at the start of a program.

    python -m benchmarks.wrapper [--quick] [--results FILE]

Starts with and without it take turns, and the median of the differences between neighbours counts. Processor time, because the clock
measures the machine's other work too; a start waits for nothing. The start without the wrapper tells how fast the machine was.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import results
from benchmarks.results import Measurement
from tests.wrapper.agent import WRAPPER, compiled

STARTS: Final = 200
QUICK_STARTS: Final = 5
LIMIT_MS: Final = 2.0
NODE: Final = shutil.which("node")

PYTHON_PROGRAMS: Final = {
    "an empty Python program": [sys.executable, "-c", "pass"],
    "a Python program that imports http.server": [sys.executable, "-c", "import http.server"],
}
"""Programs that are started; an agent is one that imports a server."""

NODE_PROGRAMS: Final = {"an empty Node program": "", "a Node program that requires http": "require('http')\n"}
"""The same for Node, as files, as an agent's program is one: what loads it has loaded the wrapper before. `node -e` has no other file."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args()
    facts = results.machine()
    measurements = list(measure(QUICK_STARTS if options.quick else STARTS))
    results.add("wrapper", facts, measurements, options.results)
    sys.stdout.write(results.table(measurements) + "\n")
    return 0


def measure(starts: int) -> Iterator[Measurement]:
    """One measurement per program with the wrapper as an image holds it that was built where this Python is, and one per Python program
    that compiles it at its start.
    """
    with listening() as url, TemporaryDirectory() as folder:
        wrapper, sources = compiled(Path(folder) / "wrapper", sys.executable), Path(folder) / "sources"
        shutil.copytree(WRAPPER, sources, ignore=shutil.ignore_patterns("__pycache__"))
        for name, command in {**PYTHON_PROGRAMS, **node_programs(Path(folder))}.items():
            added, without = differences(command, url, wrapper, starts)
            yield measurement(name, added, without, LIMIT_MS)
        for name, command in PYTHON_PROGRAMS.items():
            added, without = differences(command, url, sources, starts)
            yield measurement(f"{name}, without bytecode", added, without)


def node_programs(folder: Path) -> dict[str, list[str]]:
    if NODE is None:
        return {}
    for name, text in NODE_PROGRAMS.items():
        (folder / f"{name}.cjs").write_text(text)
    return {name: [NODE, str(folder / f"{name}.cjs")] for name in NODE_PROGRAMS}


def measurement(name: str, added_ms: float, without_ms: float, limit_ms: float | None = None) -> Measurement:
    name = f"wrapper, processor time more to start {name}"
    peers = {"the start without it": without_ms}
    if limit_ms is None:
        return Measurement(name, added_ms, "ms", peers=peers)
    return Measurement(name, added_ms, "ms", f"<= {limit_ms:g}", added_ms <= limit_ms, peers)


def differences(command: list[str], url: str, wrapper: Path, starts: int) -> tuple[float, float]:
    """Milliseconds of processor time that the wrapper adds, and that the start takes without it."""
    plain = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "AGENT_SIDECAR_URL": url, "AGENT_TOKEN": "benchmark"}
    node = f"--require {wrapper / 'node' / 'wrapper.cjs'}"
    wrapped = {**plain, "PYTHONPATH": str(wrapper / "python"), "NODE_OPTIONS": node}
    added, without = [], []
    for number in range(starts):
        order = (plain, wrapped) if number % 2 else (wrapped, plain)
        used = {id(environment): started(command, environment) for environment in order}
        added.append(used[id(wrapped)] - used[id(plain)])
        without.append(used[id(plain)])
    return median(added) * 1000, median(without) * 1000


def started(command: list[str], environment: Mapping[str, str]) -> float:
    """Seconds of processor time of a program, from its start to its end."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(command[0], command, environment, file_actions=silent)
    _, status, usage = os.wait4(pid, 0)
    assert status == 0, f"{command} failed"
    return usage.ru_utime + usage.ru_stime


@contextmanager
def listening() -> Iterator[str]:
    """The sidecar's place, taken by a process of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Reports)
    process = get_context("fork").Process(target=server.serve_forever, daemon=True)  # which takes the socket along
    process.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        process.terminate()
        process.join()
        server.server_close()


class Reports(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))

    def log_message(self, *arguments: object) -> None:
        pass


if __name__ == "__main__":
    raise SystemExit(main())

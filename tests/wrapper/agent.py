"""Runs a program that knows nothing of the wrapper, with it and without, and tells what could be seen of it."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from tests.wrapper.standin import TOKEN, StandIn, standing_in

ROOT: Final = Path(__file__).parents[2]
WRAPPER: Final = ROOT / "wrapper-image" / "wrapper"
PROGRAMS: Final = Path(__file__).parent / "programs"
END_SECONDS: Final = 30
REQUESTS: Final = 6
LATE: Final = (
    "Waiting for connections to close. (CTRL+C to force quit)",
    "Waiting for background tasks to complete. (CTRL+C to force quit)",
)
"""What uvicorn says when it is told to end before it noticed that its clients have gone."""


@dataclass(frozen=True)
class Program:
    """How to start it.

    Attributes:
        command: Its argument vector; `{fd}` is the number of its listening socket.
        environment: Its own variables.
        requests: How many requests it gets; 0: it is no server, and ends by itself.
        python_path: What its image's own PYTHONPATH holds.
        body: Of each request, sent once the program's server has read the head; empty: it gets none.
    """

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    requests: int = REQUESTS
    python_path: str = ""
    body: bytes = b""


@dataclass(frozen=True)
class Seen:
    """What can be seen of a program from outside. Numbers (process ids, ports, times) are no part of it, nor how often and in which order
    lines come: a server that is told to end may not have logged its last answers yet."""

    answers: list[tuple[int, bytes]]
    code: int
    stdout: list[str]
    stderr: list[str]


@dataclass(frozen=True)
class Run:
    seen: Seen
    sidecar: StandIn
    elsewhere: StandIn


def compiled(folder: Path, *pythons: str) -> Path:
    """A copy of the wrapper in this folder, with bytecode for these interpreters, as `make images` puts it into the image."""
    shutil.copytree(WRAPPER, folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    subprocess.run([ROOT / "hack" / "compile_wrapper.sh", folder, *pythons], check=True)
    return folder


@cache
def run_plain(command: tuple[str, ...], environment: tuple[tuple[str, str], ...], requests: int, python_path: str, body: bytes) -> Run:
    return run(Program(command, dict(environment), requests, python_path, body), wrapper=None)


def run(program: Program, *, wrapper: Path | None, environment: Mapping[str, str] | None = None, reports: int = 0) -> Run:
    """Runs the program to its end.

    Args:
        program: Which.
        wrapper: The wrapper's folder; None: it is not there.
        environment: Variables of the pod that differ from what a pod has.
        reports: How many to wait for before the program is ended.
    """
    with standing_in() as sidecar, standing_in() as elsewhere:
        pod = {"AGENT_SIDECAR_URL": sidecar.url, "AGENT_TOKEN": TOKEN, "CALL_SIDECAR": sidecar.url, "CALL_ELSEWHERE": elsewhere.url}
        variables = {**own_environment(), **program.environment, **pod, **(environment or {})}
        paths = [str(wrapper / "python")] if wrapper else []
        if program.python_path:
            paths.append(program.python_path)
        if paths:
            variables["PYTHONPATH"] = ":".join(paths)
        if wrapper:
            variables["NODE_OPTIONS"] = f"--require {wrapper / 'node' / 'wrapper.cjs'}"
        seen = observe(program, variables, sidecar if wrapper else None, reports)
    return Run(seen, sidecar, elsewhere)


def own_environment() -> dict[str, str]:
    kept = ("HOME", "LANG", "PATH", "TMPDIR")
    return {"PYTHONDONTWRITEBYTECODE": "1", **{name: os.environ[name] for name in kept if name in os.environ}}


def observe(program: Program, environment: Mapping[str, str], sidecar: StandIn | None, reports: int) -> Seen:
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    port = listener.getsockname()[1]
    fd = str(listener.fileno())
    process = subprocess.Popen(
        [word.replace("{fd}", fd) for word in program.command],
        env={**environment, "AGENT_FD": fd},
        cwd=PROGRAMS,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[listener.fileno()],
        text=True,
    )
    listener.close()
    try:
        answers = ask(port, program.requests, program.body)
        if sidecar and reports:
            sidecar.wait_for_reports(reports)
        if program.requests:
            process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=END_SECONDS)
    finally:
        process.kill()
        process.wait()
    return Seen(answers, process.returncode, lines(stdout), lines(stderr))


def lines(text: str) -> list[str]:
    found = {re.sub(r"\d+", "N", line) for line in text.splitlines()}
    return sorted(line for line in found if not line.endswith(LATE))


def ask(port: int, count: int, body: bytes) -> list[tuple[int, bytes]]:
    """All requests at once, each with an id of its own; the last without any."""
    with ThreadPoolExecutor(max(1, count)) as pool:
        return list(pool.map(lambda number: ask_one(port, number, body, has_id=number < count - 1), range(count)))


def ask_one(port: int, number: int, body: bytes, *, has_id: bool) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=END_SECONDS)
    headers = sent_headers(number) if has_id else {}
    try:
        if body:
            connection.request("POST", f"/call/{number}", headers={**headers, "Expect": "100-continue", "Content-Length": str(len(body))})
            assert connection.sock.recv(1024).startswith(b"HTTP/1.1 100")
            connection.send(body)
        else:
            connection.request("GET", f"/call/{number}", headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    except OSError as error:
        return 0, type(error).__name__.encode()
    finally:
        connection.close()


def sent_headers(number: int) -> dict[str, str]:
    return {
        "X-Agent-Request-Id": f"request-{number}",
        "traceparent": f"00-4bf92f3577b34da6a3ce929d0e0e473{number}-00f067aa0ba902b7-01",
        "tracestate": f"congo=t61rcWkgMzE,rojo=0000000{number}",
    }


def carried_to(stand_in: StandIn, count: int) -> dict[int, list[dict[str, str]]]:
    """What each request's calls carried."""
    return {number: stand_in.calls.get(f"/echo/{number}", []) for number in range(count)}


def wanted(number: int, count: int) -> dict[str, str]:
    return {name.lower(): value for name, value in sent_headers(number).items()} if number < count - 1 else {}

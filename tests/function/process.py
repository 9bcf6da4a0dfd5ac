"""The function as a process of its own, and calls of it as Crossplane makes them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import grpc
import pytest
from crossplane.function.proto.v1 import run_function_pb2 as v1
from crossplane.function.proto.v1 import run_function_pb2_grpc as v1_grpc

from benchmarks.servers import free_port
from tests.function.crossplane_requests import everything
from tests.function.stand_in import compose, refuse
from zerotouch_function.protocol.runner import Runner

ROOT: Final = Path(__file__).parents[2]
TIMEOUT_SECONDS: Final = 10
METHOD: Final = "/apiextensions.fn.proto.v1.FunctionRunnerService/RunFunction"
OWN_CONNECTION: Final = [("grpc.use_local_subchannel_pool", 1)]
"""Options of a channel that shares its connection with no other one."""

NO_VARIABLES: Final[Mapping[str, str]] = {}

needs_proc: Final = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here to look into")
"""For tests that read a process's memory."""


@dataclass
class Function:
    """A running function."""

    process: subprocess.Popen[str]
    address: str
    metrics_address: str
    log: list[dict[str, Any]]

    def wait_for_log(self, event: str) -> None:
        """Waits until the function says so."""
        wait_for(lambda: any(line["event"] == event for line in self.log))

    def high_water_bytes(self) -> int:
        """Memory that it has used at most."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))

    def stop(self) -> int:
        """Sends SIGTERM and waits for the end."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT_SECONDS)


def wait_for(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def running(
    *options: str,
    certificates: Path | None = None,
    module: str = "tests.function.stand_in",
    environment: Mapping[str, str] = NO_VARIABLES,
) -> Iterator[Function]:
    address, metrics_address = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    security = ["--insecure"] if certificates is None else []
    variables = {**os.environ, "TLS_SERVER_CERTS_DIR": str(certificates or ""), **environment}
    arguments = ["--address", address, "--metrics-address", metrics_address, *security, *options]
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=ROOT, env=variables, stderr=subprocess.PIPE, text=True)
    function = Function(process, address, metrics_address, [])
    assert process.stderr
    reader = threading.Thread(target=read_log, args=(process.stderr, function.log), daemon=True)
    reader.start()
    try:
        function.wait_for_log("serving")
        yield function
    finally:
        process.kill()
        process.wait(TIMEOUT_SECONDS)
        reader.join(TIMEOUT_SECONDS)


def read_log(stream: IO[str], log: list[dict[str, Any]]) -> None:
    for line in stream:
        log.append(json.loads(line) if line.startswith("{") else {"event": line})


def method(channel: grpc.Channel) -> "grpc.UnaryUnaryMultiCallable[bytes, bytes]":
    return channel.unary_unary(METHOD)


def run(channel: grpc.Channel, message: v1.RunFunctionRequest) -> v1.RunFunctionResponse:
    stub = v1_grpc.FunctionRunnerServiceStub(channel)  # type: ignore[no-untyped-call]  # the SDK's
    answer: v1.RunFunctionResponse = stub.RunFunction(message, timeout=TIMEOUT_SECONDS, wait_for_ready=True)
    return answer


def want() -> v1.RunFunctionResponse:
    return v1.RunFunctionResponse.FromString(Runner(compose, refuse).run(everything().SerializeToString()))


@contextmanager
def others(function: Function) -> Iterator[None]:
    """Another caller, who is answered while the block runs, and after it."""
    with grpc.insecure_channel(function.address, OWN_CONNECTION) as channel:
        assert run(channel, everything()) == want()
        yield
        assert run(channel, everything()) == want()

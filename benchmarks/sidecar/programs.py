"""The processes of the measurement: upstream, NATS, sidecar, LiteLLM. Servers get the last core, load and upstream the others."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.servers import free_port

ROOT: Final = Path(__file__).parents[2]
TOKEN: Final = "pod-uid"  # noqa: S105  # of a pod that does not exist
LITELLM_VERSION: Final = "1.84.10"
"""1.82.7 and 1.82.8 were published with a stealer of credentials in them (March 2026); the ones before and after were not."""

CORES: Final = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
START_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Place:
    """Something to send load to."""

    port: int
    path: str
    token: str = ""


@dataclass(frozen=True)
class Running:
    """A started process."""

    process: subprocess.Popen[bytes]
    ready_seconds: float

    def memory_mb(self) -> float:
        """What it holds now."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


@contextmanager
def started(command: Sequence[str], port: int, cores: Sequence[int], environment: dict[str, str] | None = None) -> Iterator[Running]:
    """A process that listens, kept to its cores, and in real time where that is allowed: other programs then take no part."""
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        command, env={**os.environ, **(environment or {})}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        keep_to(process.pid, cores)
        while not listens(port):
            if process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                raise RuntimeError(f"{command[0]} does not listen on {port}")
            time.sleep(0.002)
        yield Running(process, time.perf_counter() - began)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def keep_to(pid: int, cores: Sequence[int]) -> None:
    if not cores:
        return
    os.sched_setaffinity(pid, cores)
    if os.environ.get("BENCH_REALTIME") == "1":
        os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(10))


def listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def upstream() -> Iterator[int]:
    """The model, which is the agent too."""
    port = free_port()
    with started([sys.executable, "-m", "benchmarks.sidecar.upstream", str(port)], port, CORES[:1]):
        yield port


@dataclass(frozen=True)
class Sidecar:
    """A running sidecar and its ways."""

    running: Running
    ingress: Place
    models: Place


@contextmanager
def sidecar(model_port: int, folder: Path) -> Iterator[Sidecar]:
    """The sidecar as a pod would have it: with a budget that NATS shares, limits and prices."""
    nats_port = free_port()
    nats = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or "nats-server"
    config, ports = folder / "sidecar.json", [free_port() for _ in range(3)]
    config.write_text(json.dumps(configuration(model_port, nats_port)))
    command = [sys.executable, "-m", "zerotouch_sidecar", "--config", str(config), "--host", "127.0.0.1"]
    for name, port in zip(("ingress", "local", "ops"), ports, strict=True):
        command += [f"--{name}-port", str(port)]
    with ExitStack() as stack:
        stack.enter_context(
            started([nats, "-js", "-sd", str(folder / "nats"), "-a", "127.0.0.1", "-p", str(nats_port)], nats_port, CORES[:1])
        )
        running = stack.enter_context(started(command, ports[0], CORES[-1:], {"AGENT_TOKEN": TOKEN, "POD_NAME": "bench-0"}))
        path = "/v1/chat/completions"
        yield Sidecar(running, Place(ports[0], path), Place(ports[1], f"/openai{path}", TOKEN))


def configuration(model_port: int, nats_port: int) -> dict[str, Any]:
    return {
        "schemaVersion": 1,
        "agent": {"name": "bench", "namespace": "bench", "port": model_port},
        "llm": {
            "providers": [{"name": "mock", "type": "openai-compatible", "baseUrl": f"http://127.0.0.1:{model_port}/v1"}],
            "models": [
                {
                    "alias": "default",
                    "targets": [{"provider": "mock", "model": "mock"}],
                    "price": {"inputUsdPerMillionTokens": "0.25", "outputUsdPerMillionTokens": "2"},
                }
            ],
            "budget": {"tokens": 10**12, "usd": "1000000", "period": "day"},
            "rateLimit": {"requestsPerMinute": 100_000_000, "tokensPerMinute": 1_000_000_000},
        },
        "nats": {"url": f"nats://127.0.0.1:{nats_port}"},
    }


def litellm_python() -> Path | None:
    """The peer's own environment, made once; None where its packages cannot be had."""
    folder = ROOT / "build" / "peers" / f"litellm-{LITELLM_VERSION}"
    program = folder / "bin" / "litellm"
    if program.exists():
        return program
    folder.parent.mkdir(parents=True, exist_ok=True)
    steps = ([sys.executable, "-m", "venv", str(folder)], [str(folder / "bin/pip"), "install", "-q", "--only-binary", ":all:"])
    steps[1].append(f"litellm[proxy]=={LITELLM_VERSION}")
    for step in steps:
        if subprocess.run(step, check=False).returncode:  # noqa: S603
            shutil.rmtree(folder, ignore_errors=True)
            return None
    return program


@contextmanager
def litellm(program: Path, model_port: int, folder: Path) -> Iterator[Place]:
    """LiteLLM's proxy in front of the same model: one worker, as quiet as it can be."""
    config, port = folder / "litellm.yaml", free_port()
    config.write_text(
        json.dumps(
            {
                "model_list": [
                    {
                        "model_name": "default",
                        "litellm_params": {"model": "openai/mock", "api_base": f"http://127.0.0.1:{model_port}/v1", "api_key": "none"},
                    }
                ],
                "litellm_settings": {"telemetry": False, "set_verbose": False},
                "general_settings": {"master_key": f"sk-{TOKEN}"},
            }
        )
    )
    command = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    quiet = {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "DISABLE_ADMIN_UI": "True"}
    with started(command, port, CORES[-1:], quiet):
        yield Place(port, "/v1/chat/completions", f"sk-{TOKEN}")

"""The measurements: for each, all programs in turn, several rounds."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import yaml

from benchmarks import crossplane
from benchmarks.results import Measurement
from benchmarks.servers import (
    IMAGE_ENVIRONMENT,
    LOAD_CORES,
    OURS,
    PATCH_AND_TRANSFORM,
    ROOT,
    SDK,
    Program,
    Server,
    as_in_its_image,
    pin,
    running,
)

IN_FLIGHT: Final = 8
SPECS: Final = 4
"""Versions of the captured claim that a server is asked about in turn."""

NOTHING: Final[Mapping[str, str]] = {}
IN_PROCESS: Final = {OURS: IMAGE_ENVIRONMENT, SDK: NOTHING}
"""Environment of a program that is timed without a server."""

IN_PROCESS_US: Final = {"cold": 60, "seen": 30}
"""What a call may take with six observed objects, on a machine that is as fast as the one that this was set on."""

SDK_US: Final = 531
"""What a function of the SDK took there: the limits above are 0.113 and 0.0565 of it, on any machine."""

Figures = Mapping[str, list[float]]
"""Values by program, one of each round."""


@dataclass(frozen=True)
class Plan:
    """How thoroughly to measure.

    Attributes:
        rounds: Turns of each program.
        load_seconds: How long a server is asked in one of them.
        observed: Numbers of observed objects.
        large_mb: Size of a large request, in MB.
        calls: Calls in process of each kind.
        claims: Claims in the larger preview.
        transports: How servers are called.
    """

    rounds: int
    load_seconds: float
    observed: tuple[int, ...]
    large_mb: float
    calls: int
    claims: int
    transports: tuple[str, ...]


FULL: Final = Plan(
    rounds=5, load_seconds=1.5, observed=crossplane.OBSERVED, large_mb=2.5, calls=200, claims=100, transports=("insecure", "mTLS")
)
QUICK: Final = Plan(rounds=1, load_seconds=0.3, observed=(6,), large_mb=0.25, calls=5, claims=2, transports=("insecure",))


class Bench:
    """Runs the plan."""

    def __init__(self, plan: Plan, programs: list[Program], folder: Path, certificates: Path) -> None:
        self._plan, self._programs, self._folder, self._certificates = plan, programs, folder, certificates

    def measure(self) -> list[Measurement]:
        return [*self._served(), *self._in_process(), *self._memory(), *self._start(), *self._preview()]

    def _served(self) -> Iterator[Measurement]:
        for transport in self._plan.transports:
            certificates = self._certificates if transport == "mTLS" else None
            with ExitStack() as stack:
                servers = [stack.enter_context(running(program, self._request(program.name), certificates)) for program in self._programs]
                yield from self._throughput(transport, servers)
                if certificates is None:
                    yield from self._latency(servers)

    def _throughput(self, transport: str, servers: list[Server]) -> Iterator[Measurement]:
        rate, cpu = defaultdict(list), defaultdict(list)
        for server in self._turns(servers):
            before = server.cpu_seconds()
            told = self._load(server, IN_FLIGHT)
            rate[server.program.name].append(told["per_second"])
            cpu[server.program.name].append((server.cpu_seconds() - before) / told["sent"] * 1e6)
        at_least = {SDK: (5.0, None), PATCH_AND_TRANSFORM: (4.0, None)}
        yield compared(f"requests/s, {IN_FLIGHT} in flight, {transport}", "1/s", rate, at_least)
        yield compared(f"server's processor time per request, {IN_FLIGHT} in flight, {transport}", "us", cpu)

    def _latency(self, servers: list[Server]) -> Iterator[Measurement]:
        p50, p99 = defaultdict(list), defaultdict(list)
        for server in self._turns(servers):
            told = self._load(server, 1)
            p50[server.program.name].append(told["p50_us"])
            p99[server.program.name].append(told["p99_us"])
        yield compared("p50, 1 in flight", "us", p50)
        yield compared("p99, 1 in flight", "us", p99)
        peers = {name: values for name, values in p50.items() if name != OURS}
        yield compared("p99, 1 in flight, beside the peers' p50", "us", {OURS: p99[OURS], **peers}, dict.fromkeys(peers, (None, 1.0)))

    def _in_process(self) -> Iterator[Measurement]:
        ours_at: dict[tuple[str, int], float] = {}
        large = observed_in(self._plan.large_mb)
        for observed in sorted({*self._plan.observed, large}):
            calls = max(3, min(self._plan.calls, self._plan.calls * 20 // max(1, observed)))
            figures: dict[str, dict[str, list[float]]] = {"cold": defaultdict(list), "seen": defaultdict(list)}
            for _ in range(min(3, self._plan.rounds)):
                for name in (OURS, SDK):
                    for what, value in run_json(
                        "benchmarks.in_process", name, str(observed), str(calls), environment=IN_PROCESS[name]
                    ).items():
                        figures[what][name].append(value)
            for what, limit_us in IN_PROCESS_US.items():
                ours_at[what, observed] = median(figures[what][OURS])
                name, has_limit = f"in process, {what}, {observed} observed", observed == 6
                yield compared(name, "us", figures[what], at_most=limit_us if has_limit else None)
                if has_limit:
                    yield compared(f"{name}, beside the SDK", "us", figures[what], {SDK: (None, limit_us / SDK_US)})
        for observed, of in ((600, "600"), (large, f"{self._plan.large_mb:g} MB ({large})")):
            for what in IN_PROCESS_US:
                if (what, observed) not in ours_at:
                    continue
                ratio = ours_at[what, observed] / ours_at[what, 6]
                yield Measurement(f"{of} observed objects, beside 6, {what}", ratio, "times", "<= 5", ratio <= 5)

    def _memory(self) -> Iterator[Measurement]:
        idle, peak = defaultdict(list), defaultdict(list)
        for program in self._programs:
            large = self._large(program.name)
            with running(program, self._request(program.name)) as server:
                time.sleep(0.3)
                idle[program.name].append(server.memory_mb("VmRSS"))
                self._load(server, IN_FLIGHT, folder=large)
                peak[program.name].append(server.memory_mb("VmHWM"))
        yield compared("memory, idle", "MB", idle, at_most=40)
        yield compared(f"memory, at most, with {IN_FLIGHT} requests of {self._plan.large_mb:g} MB in flight", "MB", peak, at_most=110)

    def _start(self) -> Iterator[Measurement]:
        in_images = [as_in_its_image(program) for program in self._programs]
        figures: dict[str, dict[str, list[float]]] = {"image": defaultdict(list), "compiled": defaultdict(list)}
        for _ in range(self._plan.rounds):
            for what, programs in (("image", in_images), ("compiled", self._programs)):
                for program in programs:
                    with running(program, self._request(program.name)) as server:
                        figures[what][program.name].append(server.start_ms)
        yield compared("start to first answer, each as in its image", "ms", figures["image"], {SDK: (None, 0.6)})
        yield compared("start to first answer, all compiled", "ms", figures["compiled"])

    def _preview(self) -> Iterator[Measurement]:
        claim = yaml.safe_load((ROOT / "examples" / "claims" / "agentexecutor-minimal.yaml").read_text())
        for number, limit in ((1, 0.5), (self._plan.claims, 1.5)):
            claims = [{**claim, "metadata": {**claim["metadata"], "name": f"claim-{index}"}} for index in range(number)]
            file = self._folder / "claims.yaml"
            file.write_text(yaml.safe_dump_all(claims))
            seconds = [preview_seconds(file) for _ in range(self._plan.rounds)]
            yield compared(f"zerotouch render, claims: {number}", "s", {OURS: seconds}, at_most=limit)

    def _turns(self, servers: list[Server]) -> Iterator[Server]:
        for _ in range(self._plan.rounds):
            yield from servers

    def _load(self, server: Server, in_flight: int, folder: Path | None = None) -> dict[str, float]:
        options = ["--in-flight", str(in_flight), "--seconds", str(self._plan.load_seconds)]
        if server.certificates:
            options += ["--certificates", str(server.certificates)]
        requests = folder or self._requests(server.program.name)
        return run_json("benchmarks.load", server.address, str(requests), *options)

    def _requests(self, program: str) -> Path:
        """The captured claim in several states, for that program."""
        return self._written(program, "captured", lambda: [self._made(program, None, version) for version in range(SPECS)])

    def _large(self, program: str) -> Path:
        return self._written(program, "large", lambda: [self._made(program, observed_in(self._plan.large_mb), 0)])

    def _written(self, program: str, what: str, requests: Callable[[], list[bytes]]) -> Path:
        folder = self._folder / f"{what}-{program}"
        if not folder.exists():
            folder.mkdir()
            for index, request in enumerate(requests()):
                (folder / str(index)).write_bytes(request)
        return folder

    def _request(self, program: str) -> bytes:
        return (self._requests(program) / "0").read_bytes()

    def _made(self, program: str, observed: int | None, version: int) -> bytes:
        function_input = crossplane.pipeline_input() if program == PATCH_AND_TRANSFORM else None
        return crossplane.request(observed, function_input=function_input, version=version)


def observed_in(megabytes: float) -> int:
    """How many observed objects a request of that size has."""
    return int(megabytes * 1e6) // (len(crossplane.request(60)) // 60)


def compared(
    name: str,
    unit: str,
    figures: Figures,
    ratios: Mapping[str, tuple[float | None, float | None]] | None = None,
    *,
    at_most: float | None = None,
) -> Measurement:
    """Medians of ours and of the peers, and whether they are what they must be.

    Args:
        name: What was measured.
        unit: Of the figures.
        figures: The values of all rounds.
        ratios: By peer, the least and the greatest that ours may be of it.
        at_most: The greatest that ours may be.
    """
    medians = {program: median(values) for program, values in figures.items()}
    ours = medians.pop(OURS)
    words, verdicts = [], []
    if at_most is not None:
        words.append(f"<= {at_most:g}")
        verdicts.append(ours <= at_most)
    for peer, (least, greatest) in (ratios or {}).items():
        words.append(f">= {least:g} x {peer}" if least is not None else f"<= {greatest:.3g} x {peer}")
        if peer in medians:
            ratio = ours / medians[peer]
            verdicts.append(ratio >= least if least is not None else ratio <= (greatest or 0))
    is_reached = all(verdicts) if len(verdicts) == len(words) and words else None
    return Measurement(name, ours, unit, ", ".join(words), is_reached, medians)


def run_json(module: str, *arguments: str, environment: Mapping[str, str] = NOTHING) -> dict[str, Any]:
    """Runs a module on the load generator's cores, and reads what it prints."""
    command = [sys.executable, "-m", module, *arguments]
    settings = {**os.environ, **environment}
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, env=settings, preexec_fn=lambda: pin(LOAD_CORES)
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def preview_seconds(claims: Path) -> float:
    """Starts the command as it is installed: compiled when it first runs."""
    command = [str(Path(sys.executable).with_name("zerotouch")), "render", str(claims)]
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=settings)  # noqa: S603
    return time.perf_counter() - started

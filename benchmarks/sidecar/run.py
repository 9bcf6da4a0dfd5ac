"""Measures the sidecar and adds its figures to benchmarks/results.json.

    python -m benchmarks.sidecar.run [--quick] [--results FILE] [--no-peer]

Direct calls, the sidecar's two ways and the peer take turns; medians over the rounds are compared. With BENCH_REALTIME=1 (needs root) the
processes run in real time, so that whatever else a machine does takes no part.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import image, results
from benchmarks.results import Measurement
from benchmarks.sidecar import programs
from benchmarks.sidecar.programs import CORES, ROOT, Place

RATE: Final = 1000
PEER_SECONDS: Final = 4.0
ARCHIVE: Final = ROOT / "build" / "agent-sidecar-image.tar"


@dataclass(frozen=True)
class Plan:
    """How thoroughly to measure."""

    rounds: int
    seconds: float


FULL: Final = Plan(rounds=3, seconds=3)
QUICK: Final = Plan(rounds=1, seconds=0.5)
Figures = dict[str, float]


def load(place: Place, seconds: float, *, streams: bool = False, rate: float = 0) -> Figures:
    """One run of the load generator."""
    command = [sys.executable, "-m", "benchmarks.sidecar.load", str(place.port), place.path, "--seconds", str(seconds), "--rate", str(rate)]
    command += ["--token", place.token, *(["--stream"] if streams else [])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)  # noqa: S603
    programs.keep_to(process.pid, CORES[:1])
    output, _ = process.communicate(timeout=seconds + 60)
    found: Figures = json.loads(output)
    if problem := found.pop("problem"):
        raise RuntimeError(f"{place.path}: {problem}")
    return found


def rounds(plan: Plan, places: dict[str, Place], *, streams: bool, rate: float) -> dict[str, Figures]:
    """The medians of each place, which take turns."""
    seen: dict[str, list[Figures]] = {name: [] for name in places}
    for _ in range(plan.rounds):
        for name, place in places.items():
            seen[name].append(load(place, plan.seconds, streams=streams, rate=rate))
    return {name: {key: median(figures[key] for figures in each) for key in each[0]} for name, each in seen.items()}


def added(plan: Plan, direct: Place, ways: dict[str, Place]) -> Iterator[Measurement]:
    """What each way adds to a direct call, at a fixed rate."""
    for streams in (False, True):
        found = rounds(plan, {"direct": direct, **ways}, streams=streams, rate=RATE)
        for way in ways:
            name = f"sidecar, {way}{', streamed' if streams else ''}: added"
            for percent, most in ((90, 1.0), (99, 2.0)):
                value = found[way][f"whole_p{percent}_ms"] - found["direct"][f"whole_p{percent}_ms"]
                yield Measurement(f"{name} p{percent}", value, "ms", f"<= {most:g}", value <= most)
            if streams:
                value = found[way]["first_p50_ms"] - found["direct"]["first_p50_ms"]
                yield Measurement(f"{name} to the first event, p50", value, "ms", "<= 0.5", value <= 0.5)


def beside(plan: Plan, models: Place, peer: Place | None) -> Iterator[Measurement]:
    """As many requests as 16 connections can make, and what they then take. The peer's first requests take seconds and do not count."""
    plan = replace(plan, seconds=max(plan.seconds, PEER_SECONDS))
    if peer:
        load(peer, PEER_SECONDS)
    found = rounds(plan, {"ours": models, **({"litellm": peer} if peer else {})}, streams=False, rate=0)
    theirs = found.get("litellm")
    for name, key, unit, target, is_reached in (
        ("requests/s", "requests_per_second", "1/s", ">= 8x", lambda ours, peer: ours >= 8 * peer),
        ("p99 at full load", "whole_p99_ms", "ms", "< 1x", lambda ours, peer: ours < peer),
    ):
        check: Callable[[float, float], bool] = is_reached
        value = found["ours"][key]
        peers = {"litellm": theirs[key]} if theirs else {}
        yield Measurement(f"sidecar, models: {name}", value, unit, target, check(value, theirs[key]) if theirs else None, peers)


def at_rest(starts: list[float], memory_mb: float) -> Iterator[Measurement]:
    ready = median(starts)
    yield Measurement("sidecar: ready", ready, "s", "<= 0.5", ready <= 0.5)
    yield Measurement("sidecar: idle memory", memory_mb, "MB", "<= 50", memory_mb <= 50)
    if ARCHIVE.exists():
        own, _ = image.sizes_mb(ARCHIVE)
        yield Measurement("sidecar: image, compressed, over its base", own, "MB", "<= 70", own <= 70)


def measure(plan: Plan, *, with_peer: bool) -> list[Measurement]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        model_port = stack.enter_context(programs.upstream())
        starts = []
        for number in range(plan.rounds):
            (folder / str(number)).mkdir()
            with programs.sidecar(model_port, folder / str(number)) as first:
                starts.append(first.running.ready_seconds)
                memory_mb = first.running.memory_mb()
        ours = stack.enter_context(programs.sidecar(model_port, folder))
        found = [
            *at_rest(starts, memory_mb),
            *added(plan, Place(model_port, "/v1/chat/completions"), {"ingress": ours.ingress, "models": ours.models}),
        ]
        program = programs.litellm_python() if with_peer else None
        peer = stack.enter_context(programs.litellm(program, model_port, folder)) if program else None
        return [*found, *beside(plan, ours.models, peer)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args()
    facts = {**results.machine(), "realtime": os.environ.get("BENCH_REALTIME") == "1", "litellm": programs.LITELLM_VERSION}
    measurements = measure(QUICK if options.quick else FULL, with_peer=not options.no_peer)
    results.add("sidecar", facts, measurements, options.results)
    sys.stdout.write(results.table(measurements) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

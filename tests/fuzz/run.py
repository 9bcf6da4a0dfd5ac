"""The long fuzzing run: `make fuzz`. Prints what was run and seen; ends with 1 if a law was broken, with 3 if less was run than asked for.

Settings, from the environment:

- FUZZ_EXAMPLES: requests that hypothesis makes, 1,000,000 by default.
- FUZZ_SECONDS: time for hypothesis, and again for atheris; 7200 by default. Whichever bound is met first ends the run.
- FUZZ_SEED: where hypothesis begins; another one makes other requests.
- FUZZ_PARTIAL: with 1 a run is good that ran out of time before its examples, or that had no atheris.
"""

import faulthandler
import os
import re
import resource
import subprocess
import sys
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.laws import check
from tests.fuzz.requests import mutated_requests, valid_requests
from tests.fuzz.seeds import write

FOLDER: Final = Path("build/fuzz")
EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES") or 1_000_000)
SECONDS: Final = int(os.environ.get("FUZZ_SECONDS") or 7200)
SEED: Final = int(os.environ.get("FUZZ_SEED") or 0)
PARTIAL: Final = os.environ.get("FUZZ_PARTIAL") == "1"

DONE: Final = 0
BROKEN: Final = 1
INCOMPLETE: Final = 3
"""Exit codes. Python itself ends with 2 where a command line is wrong."""

BATCH: Final = 2000
"""Examples between two looks at the clock; hypothesis remembers the ones of a batch, and its memory must not grow with the run."""

HANG_SECONDS: Final = 1800
"""A batch that takes longer than that hangs, on a busy machine too: the run ends with every thread's traceback. Ordinarily it takes 15."""

MEMORY_MB: Final = 1024
"""Most that either process may take."""


def main() -> int:
    print(f"{EXAMPLES} examples or {SECONDS} s for hypothesis, {SECONDS} s for atheris", flush=True)
    endings = {run_hypothesis(), run_atheris()}
    if BROKEN in endings:
        return BROKEN
    return INCOMPLETE if INCOMPLETE in endings and not PARTIAL else DONE


def run_hypothesis() -> int:
    """Batch after batch, each with a seed of its own: one in eight of claims that the API accepts, the others of mutated requests."""
    outcomes: Counter[str] = Counter()
    started, batch = time.monotonic(), 0
    while outcomes.total() < EXAMPLES and time.monotonic() - started < SECONDS:
        faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        run_batch(SEED + batch, min(BATCH, EXAMPLES - outcomes.total()), outcomes)
        batch += 1
    faulthandler.cancel_dump_traceback_later()
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    report("hypothesis", outcomes.total(), time.monotonic() - started, memory_mb, dict(outcomes))
    if memory_mb >= MEMORY_MB:
        print(f"hypothesis: {memory_mb} MB are more than the {MEMORY_MB} MB that a run may take; look for what grows", flush=True)
        return BROKEN
    if outcomes.total() < EXAMPLES:
        incomplete(f"FUZZ_SECONDS: {SECONDS} s were over after {outcomes.total()} of {EXAMPLES} examples; raise it, lower FUZZ_EXAMPLES")
        return INCOMPLETE
    return DONE


def run_batch(number: int, examples: int, outcomes: Counter[str]) -> None:
    """Raises with the smallest example that breaks a law."""

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(valid_requests() if number % 8 == 0 else mutated_requests())
    def batch(data: bytes) -> None:
        outcomes[str(check(data))] += 1

    batch()


def run_atheris() -> int:
    """The harness in a process of its own: it ends that process when it is done."""
    if find_spec("atheris") is None:
        incomplete("atheris: is not installed, having no wheel for this machine or Python; use Linux on x86-64 and Python 3.11 to 3.13")
        return INCOMPLETE
    corpus = FOLDER / "corpus"
    write(corpus)
    options = [f"-max_total_time={SECONDS}", "-timeout=10", f"-rss_limit_mb={MEMORY_MB}", f"-artifact_prefix={FOLDER}/"]
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.raw", str(corpus), *options, "-print_final_stats=1"], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        lines = (line for line in f"{ended.stdout}\n{ended.stderr}".splitlines() if not re.match(r"#\d+\s|INFO: Instrumenting", line))
        print("\n".join(lines))
        return BROKEN
    figures = {name: int(number) for name, number in re.findall(r"stat::(\w+): +(\d+)", ended.stderr)}
    covered = re.findall(r"cov: (\d+)", ended.stderr)[-1]
    details = {"new inputs": figures["new_units_added"], "branches": int(covered)}
    report("atheris", figures["number_of_executed_units"], time.monotonic() - started, figures["peak_rss_mb"], details)
    return DONE


def incomplete(problem: str) -> None:
    """Says what was not run, and what to do."""
    print(f"{problem}, or set FUZZ_PARTIAL=1 if less will do", flush=True)


def report(what: str, requests: int, seconds: float, memory_mb: int, details: dict[str, int]) -> None:
    told = ", ".join(f"{name} {number}" for name, number in details.items())
    print(f"{what}: {requests} requests in {seconds:.0f} s, {memory_mb} MB at most; {told}; no law broken", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())

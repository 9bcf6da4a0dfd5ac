"""The benchmark itself runs."""

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measure import QUICK
from benchmarks.servers import PATCH_AND_TRANSFORM, patch_and_transform
from benchmarks.wrapper import listening

ROOT = Path(__file__).parents[2]
WITHOUT_PEER = "--no-patch-and-transform"


def run(results: Path, *flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.run", "--quick", "--results", str(results), *flags]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False)


def has_peer() -> bool:
    try:
        return bool(patch_and_transform())
    except LookupError:
        return False


def test_a_peer_that_is_not_there_is_not_left_out_silently(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    done = run(results, PATCH_AND_TRANSFORM="/nowhere/peer")
    assert done.returncode == 2
    assert 'PATCH_AND_TRANSFORM: "/nowhere/peer" is no program; ' in done.stderr
    assert WITHOUT_PEER in done.stderr.splitlines()[-1]
    assert not results.exists()


def test_a_quick_run_measures_everything(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    done = run(results, *([] if has_peer() else [WITHOUT_PEER]))
    assert done.returncode == 0, done.stderr
    document = json.loads(results.read_text())
    measured = {one["name"]: one for one in document["measurements"]}
    assert all(one["value"] > 0 and one["unit"] for one in measured.values())
    assert measured["requests/s, 8 in flight, insecure"]["ratio"]["sdk"] > 0
    assert (PATCH_AND_TRANSFORM in measured["requests/s, 8 in flight, insecure"]["ratio"]) == has_peer()
    assert "in process, cold, 6 observed" in measured
    assert sum(name.startswith(f"{QUICK.large_mb} MB") for name in measured) == 2, "cold and seen"
    assert "memory, idle" in measured
    assert {"start to first answer, each as in its image", "start to first answer, all compiled"} <= measured.keys()
    at_start = [one["name"] for one in document["wrapper"]["measurements"]]
    assert any(name.endswith("without bytecode") for name in at_start)
    assert all(name.splitlines()[0] in done.stdout for name in [*measured, *at_start])


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_the_sidecars_place_is_taken_however_this_python_starts_processes(method: str) -> None:
    """The default is `fork` up to Python 3.13, and another one on macOS."""
    default = multiprocessing.get_start_method()
    multiprocessing.set_start_method(method, force=True)
    try:
        with listening() as url:
            assert url.startswith("http://127.0.0.1:")
    finally:
        multiprocessing.set_start_method(default, force=True)

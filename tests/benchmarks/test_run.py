"""The benchmark itself runs."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_quick_run_measures_everything(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    command = [sys.executable, "-m", "benchmarks.run", "--quick", "--results", str(results)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    document = json.loads(results.read_text())
    measured = {one["name"]: one for one in document["measurements"]}
    assert all(one["value"] > 0 and one["unit"] for one in measured.values())
    assert measured["requests/s, 8 in flight, insecure"]["ratio"]["sdk"] > 0
    assert "in process, cold, 6 observed" in measured
    assert sum(name.startswith("2.5 MB") for name in measured) == 2, "cold and seen"
    assert "memory, idle" in measured
    assert {"start to first answer, each as in its image", "start to first answer, all compiled"} <= measured.keys()
    at_start = [one["name"] for one in document["wrapper"]["measurements"]]
    assert any(name.endswith("without bytecode") for name in at_start)
    assert all(name.splitlines()[0] in done.stdout for name in [*measured, *at_start])

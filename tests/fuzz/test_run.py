"""`make fuzz` ends well only if all was run that was asked for."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.fuzz import run

ROOT: Final = Path(__file__).parents[2]
NO_ATHERIS: Final = "atheris: is not installed"


@dataclass(frozen=True)
class Case:
    reason: str
    seconds: int
    is_partial_enough: bool
    want: int
    said: str


CASES: Final = (
    Case("no atheris", 60, False, run.INCOMPLETE, NO_ATHERIS),
    Case("no atheris, and none asked for", 60, True, run.DONE, NO_ATHERIS),
    Case("no time", 0, False, run.INCOMPLETE, "FUZZ_SECONDS: 0 s were over after 0 of 3 examples"),
    Case("no time, and less will do", 0, True, run.DONE, "FUZZ_SECONDS: 0 s were over after 0 of 3 examples"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reason)
def test_a_run_of_less_than_all_says_so_and_fails_unless_less_will_do(
    case: Case, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.fuzz.run.find_spec", lambda _: None)
    monkeypatch.setattr(run, "EXAMPLES", 3)
    monkeypatch.setattr(run, "SECONDS", case.seconds)
    monkeypatch.setattr(run, "PARTIAL", case.is_partial_enough)
    monkeypatch.setattr(run, "MEMORY_MB", sys.maxsize)  # this process has run other tests
    assert run.main() == case.want
    said = capfd.readouterr().out
    assert case.said in said
    assert "set FUZZ_PARTIAL=1 if less will do" in said


def test_too_much_memory_is_a_broken_law_whatever_else_was_not_run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.fuzz.run.find_spec", lambda _: None)
    monkeypatch.setattr(run, "SECONDS", 0)
    monkeypatch.setattr(run, "MEMORY_MB", 1)
    assert run.main() == run.BROKEN
    assert "MB are more than the 1 MB that a run may take" in capfd.readouterr().out


def test_a_whole_run_ends_well(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="has no wheel for this machine or this Python")
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "FUZZ_EXAMPLES": "3", "FUZZ_SECONDS": "1", "FUZZ_PARTIAL": ""}
    command = [sys.executable, "-m", "tests.fuzz.run"]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == run.DONE, ended.stdout + ended.stderr
    assert ended.stdout.count("no law broken") == 2

"""The image holds bytecode for each Python that was there when it was built: compiling takes most of what the wrapper costs a start."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.wrapper.agent import PROGRAMS, ROOT, Program, compiled
from tests.wrapper.judge import judge

PROGRAM = ROOT / "hack" / "compile_wrapper.sh"


def test_nothing_is_compiled_where_there_is_bytecode(tmp_path: Path) -> None:
    wrapper = compiled(tmp_path / "wrapper", sys.executable)
    for source in wrapper.rglob("*.py"):
        source.write_text("raise SystemExit('compiled')\n")
    judge(Program([sys.executable, "stdlib.py"], {"CLIENT": "urllib"}), wrapper=wrapper)
    judge(Program([sys.executable, "script.py"], requests=0, python_path=str(PROGRAMS / "own_site")), wrapper=wrapper)


def test_the_same_sources_give_the_same_bytecode(tmp_path: Path) -> None:
    one, other = (compiled(tmp_path / name, sys.executable) for name in ("one", "other"))
    found = [path.relative_to(one) for path in one.rglob("*.pyc")]
    assert len(found) == len(list(one.rglob("*.py")))
    assert all((one / path).read_bytes() == (other / path).read_bytes() for path in found)


def test_a_version_that_must_be_there_and_is_not_fails(tmp_path: Path) -> None:
    environment = {**os.environ, "WRAPPER_PYTHONS": "3.99"}
    done = subprocess.run([PROGRAM, tmp_path], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Error: no Python 3.99 is here, and WRAPPER_PYTHONS names it" in done.stderr


def test_a_release_has_bytecode_for_every_version() -> None:
    supported = re.findall(r'^supported="(.+)"$', PROGRAM.read_text(), re.MULTILINE)
    workflow = (ROOT / ".github" / "workflows" / "release.yaml").read_text()
    assert re.findall(r"WRAPPER_PYTHONS: (.+)$", workflow, re.MULTILINE) == supported
    (installed,) = re.findall(r"python-version: \|\n((?: +3\.\d+\n)+)", workflow)
    assert sorted(installed.split()) == sorted(supported[0].split())

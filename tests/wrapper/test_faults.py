"""Whatever is wrong around the wrapper, the program does not notice."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.wrapper.agent import PROGRAMS, WRAPPER, Program, own_environment
from tests.wrapper.judge import judge
from tests.wrapper.standin import TOKEN

SCRIPTS: Final = {"python": [sys.executable, "script.py"], "node": ["node", "script.cjs"]}
RUNTIMES: Final = [
    "python",
    pytest.param("node", marks=pytest.mark.skipif(shutil.which("node") is None, reason="node is not on PATH")),
]

GARBAGE: Final = {
    "no URL": {"AGENT_SIDECAR_URL": ""},
    "not a URL": {"AGENT_SIDECAR_URL": "%%%:-1/\x01\u00e9"},
    "a port that is none": {"AGENT_SIDECAR_URL": "http://127.0.0.1:99999"},
    "a name": {"AGENT_SIDECAR_URL": "http://sidecar.invalid:18081"},
    "another scheme": {"AGENT_SIDECAR_URL": "https://127.0.0.1:18081"},
    "a token of two lines": {"AGENT_TOKEN": "a\r\nX-Evil: b"},
    "a token that is no text": {"AGENT_TOKEN": "\udcff\udcfe"},
    "switched off": {"AGENT_WRAPPER_DISABLE": "1"},
}


@pytest.mark.parametrize("environment", GARBAGE.values(), ids=GARBAGE.keys())
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_broken_environment_changes_nothing(runtime: str, environment: dict[str, str]) -> None:
    judge(Program(SCRIPTS[runtime], requests=0), reports=0, environment=environment)


def test_a_program_that_is_switched_off_carries_nothing() -> None:
    judge(Program([sys.executable, "stdlib.py"], requests=2), reports=0, carries=False, environment={"AGENT_WRAPPER_DISABLE": "1"})


@pytest.fixture(params=["refuses", "never accepts", "never answers"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """A sidecar that is not well."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4 if request.param == "never accepts" else 0)]
        for client in waiting:  # the queue of those that wait to be accepted is full
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        if request.param == "refuses":
            server.close()
        yield f"http://127.0.0.1:{port}"
        for client in waiting:
            client.close()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_sidecar_that_is_not_well_is_not_noticed(runtime: str, address: str) -> None:
    judge(Program(SCRIPTS[runtime], requests=0), reports=0, environment={"AGENT_SIDECAR_URL": address})


@pytest.mark.parametrize("damage", ["no version", "no package", "no files of its own", "a file that does not parse"])
def test_a_damaged_copy_is_not_noticed(tmp_path: Path, damage: str) -> None:
    copy = tmp_path / "wrapper"
    shutil.copytree(WRAPPER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    if damage == "no version":
        (copy / "VERSION").unlink()
    elif damage == "no package":
        shutil.rmtree(copy / "python/_zerotouch")
    elif damage == "no files of its own":
        for file in (copy / "python/_zerotouch").iterdir():
            file.unlink()
    else:
        (copy / "python/_zerotouch/__init__.py").write_text("def (")
    plain, damaged = (output(path) for path in ("", str(copy / "python")))
    assert damaged == plain


@pytest.mark.parametrize("file", ["context.py", "outbound.py"])
def test_a_file_that_a_request_would_read_and_cannot_is_not_noticed(tmp_path: Path, file: str) -> None:
    copy = tmp_path / "wrapper"
    shutil.copytree(WRAPPER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "python/_zerotouch" / file).unlink()
    judge(Program([sys.executable, "stdlib.py"], requests=2), carries=False, wrapper=copy)


def test_a_folder_that_cannot_be_read_is_not_noticed(tmp_path: Path) -> None:
    assert output(str(tmp_path / "not there")) == output("")


def test_two_copies_on_the_path_are_one(tmp_path: Path) -> None:
    copy = tmp_path / "python"
    shutil.copytree(WRAPPER / "python", copy)
    both = f"{WRAPPER / 'python'}:{copy}:{PROGRAMS / 'own_site'}"
    assert output(both) == output(str(PROGRAMS / "own_site"))


def output(python_path: str) -> tuple[int, str, str]:
    pod = {"AGENT_SIDECAR_URL": "http://127.0.0.1:1", "AGENT_TOKEN": TOKEN, "PYTHONPATH": python_path}
    done = subprocess.run(
        SCRIPTS["python"], env={**own_environment(), **pod}, cwd=PROGRAMS, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr

"""Programs that know nothing of the wrapper: the same with it as without, and their calls of the sidecar carry what came in."""

import shutil
import sys
from typing import Final

import pytest

from tests.wrapper.agent import PROGRAMS, Program
from tests.wrapper.judge import judge

SERVER: Final = [sys.executable, "stdlib.py"]
NODE: Final = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not on PATH")


@pytest.mark.parametrize("client", ["urllib", "http.client"])
def test_python_servers_carry_the_requests_headers(client: str) -> None:
    wrapped = judge(Program(SERVER, {"CLIENT": client}))
    (report,) = wrapped.sidecar.reports
    assert (report["runtime"], report["runtimeVersion"]) == ("python", ".".join(str(part) for part in sys.version_info[:3]))


@needs_node
@pytest.mark.parametrize(
    "file, client", [("server.cjs", "http"), ("server.cjs", "http-list"), ("server.mjs", "http"), ("server.mjs", "fetch")]
)
def test_node_servers_carry_the_requests_headers(file: str, client: str) -> None:
    wrapped = judge(Program([str(NODE), file], {"CLIENT": client}))
    assert wrapped.sidecar.reports[0]["runtime"] == "node"


@needs_node
@pytest.mark.parametrize("client", ["http", "fetch"])
def test_node_servers_that_listen_to_the_body_carry_the_requests_headers(client: str) -> None:
    judge(Program([str(NODE), "server.cjs"], {"CLIENT": client}, body=b"question"))


def test_the_programs_own_sitecustomize_runs() -> None:
    wrapped = judge(Program([sys.executable, "script.py"], requests=0, python_path=str(PROGRAMS / "own_site")))
    assert "own sitecustomize ran" in wrapped.seen.stdout


def test_a_mistake_in_the_programs_own_sitecustomize_is_told_as_ever() -> None:
    wrapped = judge(Program([sys.executable, "script.py"], {"SITE_IS_BROKEN": "1"}, 0, str(PROGRAMS / "broken_site")))
    assert "ValueError: the program's own mistake" in wrapped.seen.stderr


@pytest.mark.parametrize("flag", ["-E", "-I", "-S"])
def test_python_that_reads_no_path_has_no_wrapper_and_reports_nothing(flag: str) -> None:
    judge(Program([sys.executable, flag, "script.py"], requests=0), reports=0)


@pytest.mark.parametrize("start, reports", [("fork", 1), ("spawn", 3)])
def test_children_of_multiprocessing_work(start: str, reports: int) -> None:
    """A forked child is the process that has reported; a spawned one begins anew, and so does what tracks their resources."""
    judge(
        Program([sys.executable, "children.py"], {"START": start}, requests=0), reports=reports, most_reports=4 if start == "spawn" else 0
    )

"""`zerotouch run` when it ends, or something of it does: nothing stays behind."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.cli.running import RUN_SECONDS, code_claim, command, environment, processes, running
from tests.sidecar.processes import wait_for
from zerotouch.local.children import STOP_SECONDS
from zerotouch.local.ports import any_free

STUBBORN: Final = """
import signal
signal.signal(signal.SIGTERM, lambda *_: print("no", flush=True))
print("yes", flush=True)
signal.pause()
signal.pause()
"""


@contextmanager
def hangup(answer: signal.Handlers) -> Iterator[None]:
    """What is started inside answers a hangup in that way, whatever this process was started under."""
    before = signal.signal(signal.SIGHUP, answer)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def folder_of(children: Iterable[int]) -> Path:
    """The run's own folder, in which its sidecar's configuration lies."""
    arguments = [word for pid in children for word in Path(f"/proc/{pid}/cmdline").read_text().split("\0")]
    (folder,) = [Path(word).parents[1] for word in arguments if word.endswith("/sidecar.json")]
    return folder


def is_alive(pid: int) -> bool:
    """False too for one that has ended and that nobody has asked for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_terminal_that_is_closed_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    claim = code_claim(tmp_path, any_free())
    with hangup(signal.SIG_DFL), running("--mock-models", "--verbose", claim) as (process, _):
        children = processes(process.pid)
        folder = folder_of(children)
        assert folder.name.startswith("zerotouch-researcher-")
        assert process.stderr
        process.stderr.close()
        process.send_signal(number)
        process.wait(RUN_SECONDS)
    assert len(children) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert not folder.exists()


def test_a_run_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    with running("--mock-models", code_claim(tmp_path, any_free())) as (process, _):
        children = processes(process.pid)
        folder = folder_of(children)
        process.kill()
        assert len(children) == 2
        wait_for(lambda: not folder.exists() and not any(is_alive(pid) for pid in children))


def test_a_run_under_nohup_outlives_its_terminal(tmp_path: Path) -> None:
    with hangup(signal.SIG_IGN), running("--mock-models", code_claim(tmp_path, any_free())) as (process, url):
        process.send_signal(signal.SIGHUP)
        assert [urllib.request.urlopen(url).status for _ in range(3)] == [200] * 3
        process.terminate()
        assert process.wait(RUN_SECONDS) == 0


def test_a_second_interrupt_does_not_wait_for_an_agent_that_does_not_end(file: Path) -> None:
    arguments = command("--mock-models", file, "--", sys.executable, "-c", STUBBORN)
    with subprocess.Popen(arguments, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for said in ("yes", "no"):
            assert process.stdout.readline() == f"{said}\n"
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
        assert process.wait(RUN_SECONDS) == 0
        assert time.monotonic() - started < STOP_SECONDS


def test_a_helper_that_ends_ends_the_run_and_is_named(tmp_path: Path) -> None:
    with running("--mock-models", code_claim(tmp_path, any_free())) as (process, _):
        assert process.stderr
        (sidecar,) = [pid for pid in processes(process.pid) if b"zerotouch_sidecar" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(sidecar, signal.SIGKILL)
        assert process.wait(RUN_SECONDS) == 1
        assert "Error: sidecar: ended by itself (signal SIGKILL)" in process.stderr.read()

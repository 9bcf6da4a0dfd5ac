"""`zerotouch run`: a claim's pod as processes, with the real sidecar, the real wrapper and the real nats-server."""

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.cli.running import ASK, QUESTION, RUN_SECONDS, claim, code_claim, command, environment, run, written
from zerotouch.local.ports import HOST, any_free, choose, take_turn
from zerotouch_contract import ports

ASKS_BOTH: Final = """
import json, os, urllib.error, urllib.request

def status(url):
    message = {"model": "default", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"content-type": "application/json", "authorization": "Bearer " + os.environ["AGENT_TOKEN"]}
    try:
        return urllib.request.urlopen(urllib.request.Request(url, json.dumps(message).encode(), headers)).status
    except urllib.error.HTTPError as error:
        return error.code

print(status(os.environ["OPENAI_BASE_URL"] + "/chat/completions"), status(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"))
"""


def test_an_agent_gets_made_up_answers_without_any_key(file: Path) -> None:
    done = run("--mock-models", file, "--", sys.executable, ASK, QUESTION)
    assert done.returncode == 0, done.stderr
    assert QUESTION in done.stdout
    assert "main: answers are made up here (--mock-models), no provider is asked" in done.stderr


@pytest.mark.parametrize(
    ("kind", "status"), [("openai", (200, 404)), ("openai-compatible", (200, 404)), ("anthropic", (404, 200)), ("my-plugin", (200, 200))]
)
def test_made_up_models_speak_what_their_providers_speak(kind: str, status: tuple[int, int], tmp_path: Path) -> None:
    llm = claim()["spec"]["llm"]
    provider = {**llm["providers"][0], "type": kind, "baseUrl": "https://models.example.com/v1"}
    done = run("--mock-models", written(tmp_path, claim(llm={**llm, "providers": [provider]})), "--", sys.executable, "-c", ASKS_BOTH)
    assert (done.returncode, done.stdout) == (0, f"{status[0]} {status[1]}\n"), done.stderr


@pytest.mark.parametrize("variable", ["MAIN_API_KEY", "OPENAI_API_KEY"])
def test_the_agent_does_not_get_the_key_that_the_sidecar_gets(variable: str, file: Path) -> None:
    done = run(file, "--", sys.executable, "-c", "import os; print(dict(os.environ))", **{variable: "sk-real"})
    assert done.returncode == 0, done.stderr
    assert f"main: key from {variable}" in done.stderr
    assert "sk-real" not in done.stdout + done.stderr


def test_the_agents_own_modules_are_not_taken_for_the_sidecars(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "httptools.py").write_text("HttpRequestParser = None\n")
    monkeypatch.chdir(tmp_path)
    done = run("--mock-models", file, "--", sys.executable, "-c", "import httptools; print(httptools.__file__)")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/httptools.py\n"), done.stderr


REFUSED: Final[list[tuple[Sequence[str], dict[str, str], str]]] = [
    ((), {}, 'the key of provider "main" is not in the environment; set MAIN_API_KEY or OPENAI_API_KEY, or say --mock-models'),
    (("--mock-models", "--code", "/does/not/exist"), {}, "Error: --code: /does/not/exist is no folder"),
    (("--mock-models", "--code", "a" * 256), {}, f"Error: --code: {'a' * 256} is no folder"),
]


@pytest.mark.parametrize(("options", "variables", "message"), REFUSED)
def test_what_is_missing_is_said(options: Sequence[str], variables: dict[str, str], message: str, file: Path) -> None:
    done = run(*options, file, "--", "true", **variables)
    assert done.returncode == 1
    assert message in done.stderr


@pytest.mark.parametrize("blocks", ["0", "1"], ids=["no folder can be made", "a file does not fit"])
def test_a_full_disk_is_said(blocks: str, file: Path) -> None:
    limited = ["sh", "-c", 'ulimit -f "$0" && exec "$@"', blocks, *command("--mock-models", file, "--", "true")]
    done = subprocess.run(limited, env=environment(), capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r"Error: TMPDIR: cannot be written to \(.+\); make room there, or set it to another folder\n", done.stderr, re.DOTALL
    )


def test_the_agents_port_is_not_given_to_the_sidecar(tmp_path: Path) -> None:
    port = any_free()
    done = run("--mock-models", "--port", port, code_claim(tmp_path, port))
    message = f"Error: --port: {port} is spec.agent.port, where the agent itself listens; choose another, or leave it out\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_another_program_on_the_agents_port_is_not_taken_for_the_agent(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        done = run("--mock-models", code_claim(tmp_path, port))
    message = f"Error: spec.agent.port: {port} is taken on this machine; stop what listens there, or change the port\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_no_port_is_chosen_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zerotouch.local.ports._is_free", lambda _: True)
    chosen = choose(None, ports.OPS)
    every = [ports.OPS, chosen.ingress, chosen.local_api, chosen.ops, chosen.nats]
    assert len(set(every)) == len(every)


def test_a_file_that_somebody_links_the_lock_to_is_not_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "precious").write_text("kept")
    (tmp_path / f"zerotouch-run-{os.getuid()}.lock").symlink_to(tmp_path / "precious")
    take_turn().close()
    assert (tmp_path / "precious").read_text() == "kept"


def test_an_image_needs_a_command(file: Path) -> None:
    done = run("--mock-models", file)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: COMMAND: the claim names an image")


def test_an_option_after_the_claim_is_not_taken_for_the_command(file: Path) -> None:
    done = run(file, "--mock-models", "--", "true")
    message = f"--mock-models: options stand before CLAIM, the command after --; write zerotouch run --mock-models ... {file}"
    assert (done.returncode, done.stderr) == (1, f"Error: {message}\n")


def test_a_misspelt_option_is_not_taken_for_the_claim(file: Path) -> None:
    done = run("--mock-model", file, "--", "true")
    assert done.returncode == 2
    assert "No such option" in done.stderr
    assert "--mock-models" in done.stderr


def test_an_executor_is_not_run() -> None:
    done = run("examples/claims/agentexecutor-minimal.yaml")
    assert (done.returncode, done.stderr[:50]) == (1, "Error: CLAIM: run starts one AgentType, and it is "), done.stderr


def test_the_exit_code_is_the_agents(file: Path) -> None:
    assert run("--mock-models", file, "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7


def test_an_agent_without_models_is_shown_none() -> None:
    done = run("--mock-models", "examples/claims/agenttype-minimal.yaml", "--", sys.executable, "-c", "")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stderr.splitlines() if line.startswith("  ")] == ["agent", "operations", "command"]


def test_a_command_that_does_not_exist_is_said(file: Path) -> None:
    done = run("--mock-models", file, "--", "/does/not/exist")
    assert done.returncode == 1
    assert "Error: agent: /does/not/exist cannot be started" in done.stderr


def test_a_budget_is_kept_in_a_nats_of_the_runs_own(tmp_path: Path) -> None:
    fields = claim()["spec"]
    budget = {"tokens": 20, "period": "total", "action": "deny"}
    path = written(tmp_path, claim(llm={**fields["llm"], "budget": budget}, nats={"url": "nats://nats.nats.svc:4222"}))
    asks = f"for i in 1 2 3 4 5 6 7 8; do {sys.executable} {ASK} {'word ' * 20} || exit 9; done"
    done = run("--mock-models", path, "--", "sh", "-c", asks)
    assert done.returncode == 9, done.stdout
    assert re.search(rf"nats +nats://{HOST}:\d+", done.stderr)
    assert "HTTP Error 429" in done.stderr

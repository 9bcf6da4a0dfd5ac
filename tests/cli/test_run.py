"""`zerotouch run`: a claim's pod as processes, with the real sidecar, the real wrapper and the real nats-server."""

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from zerotouch.local.ports import HOST, any_free, choose
from zerotouch_contract import ports

RUN_SECONDS: Final = 60
ASK: Final = str(Path(__file__).parents[2] / "examples/agents/ask.py")
QUESTION: Final = "Which river flows through Vienna?"
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
SERVER: Final = """
import http.server, json, os, urllib.request

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"folder": os.path.dirname(__file__), "wrapper": os.environ.get("PYTHONPATH", "")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def claim(**spec: Any) -> dict[str, Any]:
    llm = {
        "providers": [{"name": "main", "type": "openai", "secret": {"name": "openai", "key": "api-key"}}],
        "models": [{"alias": "default", "targets": [{"provider": "main", "model": "gpt-5-mini"}]}],
    }
    return {
        "apiVersion": "platform.bizmatters.io/v1alpha1",
        "kind": "AgentType",
        "metadata": {"name": "researcher", "namespace": "intelligence-agents"},
        "spec": {"agent": {"image": "ghcr.io/myorg/researcher:v1"}, "llm": llm, **spec},
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, claim())


def written(folder: Path, *documents: dict[str, Any]) -> Path:
    path = folder / "claim.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "zerotouch", "run", *map(str, arguments)]


def environment(**variables: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")} | variables


def run(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=environment(**variables), capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )


@contextmanager
def running(*arguments: object, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and where its agent is reached, once it says that it is ready."""
    with subprocess.Popen(command(*arguments), env=environment(**variables), stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            said: list[str] = []
            for line in process.stderr:
                said.append(line)
                if found := re.search(r" is ready: (http://\S+)", line):
                    yield process, found[1]
                    return
            raise AssertionError("it ended before it was ready:\n" + "".join(said))
        finally:
            process.terminate()


def processes(parent: int) -> set[int]:
    """The processes that it has started."""
    return {int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


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


REFUSED: Final[list[tuple[Sequence[str], dict[str, str], str]]] = [
    ((), {}, 'the key of provider "main" is not in the environment; set MAIN_API_KEY or OPENAI_API_KEY, or say --mock-models'),
    (("--mock-models", "--code", "/does/not/exist"), {}, "Error: --code: /does/not/exist is no folder"),
]


@pytest.mark.parametrize(("options", "variables", "message"), REFUSED)
def test_what_is_missing_is_said(options: Sequence[str], variables: dict[str, str], message: str, file: Path) -> None:
    done = run(*options, file, "--", "true", **variables)
    assert done.returncode == 1
    assert message in done.stderr


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


def test_a_command_that_does_not_exist_is_said(file: Path) -> None:
    done = run("--mock-models", file, "--", "/does/not/exist")
    assert done.returncode == 1
    assert "Error: agent: /does/not/exist cannot be started" in done.stderr


def variables(folder: Path, *env: dict[str, Any], **own: str) -> dict[str, str]:
    """The environment of an agent whose claim has those variables."""
    path = written(folder, claim(agent={"image": "ghcr.io/myorg/researcher:v1", "env": list(env)}))
    done = run("--mock-models", path, "--", sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))", **own)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_variables_refer_to_those_before_them_as_in_the_pod(tmp_path: Path) -> None:
    found = variables(
        tmp_path,
        {"name": "ONE", "value": "1"},
        {"name": "TWO", "value": "$(ONE)/$$(ONE)/$(LATER)/$(AGENT_NAME)/$$"},
        {"name": "LATER", "value": "x"},
        {"name": "FOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "four"}}},
        FOUR="$(ONE)",
    )
    assert (found["TWO"], found["FOUR"]) == ("1/$(ONE)/$(LATER)/researcher/$", "$(ONE)")


def test_a_variable_says_what_is_known_of_the_pod(tmp_path: Path) -> None:
    fields = {
        "NAME": "metadata.name",
        "SPACE": "metadata.namespace",
        "LABEL": "metadata.labels['app.kubernetes.io/name']",
        "ACCOUNT": "spec.serviceAccountName",
        "ADDRESS": "status.podIP",
    }
    resources = {
        "CPU": {"resource": "limits.cpu"},
        "MEMORY": {"resource": "requests.memory", "divisor": "1Mi"},
        "HUGE": {"resource": "limits.memory", "divisor": "1Pi"},
    }
    found = variables(
        tmp_path,
        *({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()),
        *({"name": name, "valueFrom": {"resourceFieldRef": reference}} for name, reference in resources.items()),
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
    )
    assert {name: found[name] for name in fields} == {
        "NAME": "researcher-local",
        "SPACE": "intelligence-agents",
        "LABEL": "researcher",
        "ACCOUNT": "researcher",
        "ADDRESS": HOST,
    }
    assert (found["CPU"], found["MEMORY"], found["HUGE"]) == ("2", "1024", "1")
    assert "NODE" not in found


def test_a_secret_that_the_pod_would_wait_for_is_asked_for(tmp_path: Path) -> None:
    source = {"name": "accounts", "key": "token"}
    path = written(
        tmp_path,
        claim(agent={"image": "ghcr.io/myorg/researcher:v1", "env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": source}}]}),
    )
    done = run("--mock-models", path, "--", "true")
    message = "spec.agent.env: TOKEN comes from Secret accounts; set TOKEN in your environment, or mark it optional: true"
    assert (done.returncode, done.stderr) == (1, f"Error: {message}\n")
    assert "TOKEN" not in variables(tmp_path, {"name": "TOKEN", "valueFrom": {"secretKeyRef": {**source, "optional": True}}})


def test_the_claims_variables_are_the_agents_alone(tmp_path: Path) -> None:
    with running("--mock-models", code_claim(tmp_path, any_free())) as (process, _):
        environments = [b"\0" + Path(f"/proc/{pid}/environ").read_bytes() for pid in processes(process.pid)]
    assert sorted(b"\0PORT=" in environment for environment in environments) == [False, True]


@pytest.mark.parametrize(
    ("own", "left_out"),
    [
        ({"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}, "127.0.0.1,localhost"),
        ({"ALL_PROXY": "http://127.0.0.1:9", "no_proxy": "example.com", "NO_PROXY": "example.com"}, "example.com,127.0.0.1,localhost"),
        ({}, None),
    ],
)
def test_a_proxy_is_not_asked_for_the_sidecar(own: dict[str, str], left_out: str | None, file: Path, tmp_path: Path) -> None:
    done = run("--mock-models", file, "--", sys.executable, ASK, QUESTION, **own)
    assert done.returncode == 0, done.stderr
    found = variables(tmp_path, **own)
    assert [found.get(name) for name in ("NO_PROXY", "no_proxy")] == [left_out, left_out]


def code_claim(folder: Path, port: int, **fields: Any) -> Path:
    agent = {
        "code": {"configMap": "researcher-code", "entrypoint": "main.py", "runtimeImage": "docker.io/library/python:3.13-slim"},
        "port": port,
        "env": [{"name": "PORT", "value": str(port)}],
    }
    metadata = {"name": "researcher-code", "namespace": "intelligence-agents"}
    code = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"main.py": SERVER}}
    return written(folder, claim(agent=agent), {**code, **fields})


def test_a_claims_code_is_served_with_the_wrapper_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    with running("--mock-models", code_claim(tmp_path, any_free())) as (process, url):
        answer = json.load(urllib.request.urlopen(url))
        children = processes(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(RUN_SECONDS) == 0
    assert answer["wrapper"].endswith("wrapper/python")
    assert len(children) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert not Path(answer["folder"]).exists()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url)


@contextmanager
def hangup(answer: signal.Handlers) -> Iterator[None]:
    """What is started inside answers a hangup in that way, whatever this process was started under."""
    before = signal.signal(signal.SIGHUP, answer)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_terminal_that_is_closed_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    claim = code_claim(tmp_path, any_free())
    with hangup(signal.SIG_DFL), running("--mock-models", "--verbose", claim) as (process, _):
        children = processes(process.pid)
        arguments = [word for pid in children for word in Path(f"/proc/{pid}/cmdline").read_text().split("\0")]
        (folder,) = [Path(word).parents[1] for word in arguments if word.endswith("/sidecar.json")]
        assert folder.name.startswith("zerotouch-researcher-")
        assert process.stderr
        process.stderr.close()
        process.send_signal(number)
        process.wait(RUN_SECONDS)
    assert len(children) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert not folder.exists()


def test_a_run_under_nohup_outlives_its_terminal(tmp_path: Path) -> None:
    with hangup(signal.SIG_IGN), running("--mock-models", code_claim(tmp_path, any_free())) as (process, url):
        process.send_signal(signal.SIGHUP)
        assert [urllib.request.urlopen(url).status for _ in range(3)] == [200] * 3
        process.terminate()
        assert process.wait(RUN_SECONDS) == 0


def test_a_helper_that_ends_ends_the_run_and_is_named(tmp_path: Path) -> None:
    with running("--mock-models", code_claim(tmp_path, any_free())) as (process, _):
        assert process.stderr
        (sidecar,) = [pid for pid in processes(process.pid) if b"zerotouch_sidecar" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(sidecar, signal.SIGKILL)
        assert process.wait(RUN_SECONDS) == 1
        assert "Error: sidecar: ended by itself (signal SIGKILL)" in process.stderr.read()


def test_code_without_its_config_map_is_said(tmp_path: Path) -> None:
    path = code_claim(tmp_path, any_free())
    written(tmp_path, next(yaml.safe_load_all(path.read_text())))
    done = run("--mock-models", path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: spec.agent.code.configMap: ConfigMap intelligence-agents/researcher-code is not beside the claim")


UNFIT_CODE: Final[list[tuple[dict[str, Any], str]]] = [
    (
        {"data": {"../../evil.py": ""}},
        "data[../../evil.py]: a key is a file name of letters, digits, -, _ and ., without a folder; rename it",
    ),
    ({"data": {"lib/util.py": ""}}, "data[lib/util.py]: a key is a file name"),
    ({"binaryData": {"..": ""}}, "binaryData[..]: a key is a file name"),
    ({"binaryData": {"main.py": "cGFzcw=="}}, "binaryData[main.py]: is under data too; remove one of the two"),
    ({"binaryData": {"main.pyc": "%"}}, 'binaryData[main.pyc]: "%" is not of format byte'),
    ({"data": {"main.py": 5}}, "data[main.py]: must be a string, not the number 5; quote it"),
    ({"data": ["main.py"]}, "data: must be an object, not a list"),
    ({"data": {"app.py": ""}}, "spec.agent.code.entrypoint: ConfigMap intelligence-agents/researcher-code has no main.py; add it there"),
    (
        {"metadata": {"name": "researcher-code"}},
        "spec.agent.code.configMap: ConfigMap intelligence-agents/researcher-code is not beside the claim",
    ),
]


@pytest.mark.parametrize(("fields", "message"), UNFIT_CODE, ids=[message[:40] for _, message in UNFIT_CODE])
def test_code_that_the_pod_would_not_get_is_refused(fields: dict[str, Any], message: str, tmp_path: Path) -> None:
    done = run("--mock-models", code_claim(tmp_path, any_free(), **fields), TMPDIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {message}")
    assert not (tmp_path / "evil.py").exists()


def test_code_of_another_namespace_is_pointed_at(tmp_path: Path) -> None:
    path = code_claim(tmp_path, any_free(), metadata={"name": "researcher-code"})
    done = run("--mock-models", path)
    assert done.stderr.endswith(f"; set metadata.namespace: intelligence-agents if you mean the one in {path}\n")


def test_binary_data_is_code_too(tmp_path: Path) -> None:
    code = base64.b64encode(b"print('decoded')").decode()
    done = run("--mock-models", code_claim(tmp_path, any_free(), data={}, binaryData={"main.py": code}))
    assert (done.returncode, done.stdout) == (0, "decoded\n"), done.stderr


def test_a_folder_of_code_has_the_entrypoint(tmp_path: Path) -> None:
    done = run("--mock-models", "--code", tmp_path, code_claim(tmp_path, any_free()))
    message = f"Error: spec.agent.code.entrypoint: the folder {tmp_path} has no main.py; add it there, or name the file that it has\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_a_budget_is_kept_in_a_nats_of_the_runs_own(tmp_path: Path) -> None:
    fields = claim()["spec"]
    budget = {"tokens": 20, "period": "total", "action": "deny"}
    path = written(tmp_path, claim(llm={**fields["llm"], "budget": budget}, nats={"url": "nats://nats.nats.svc:4222"}))
    asks = f"for i in 1 2 3 4 5 6 7 8; do {sys.executable} {ASK} {'word ' * 20} || exit 9; done"
    done = run("--mock-models", path, "--", "sh", "-c", asks)
    assert done.returncode == 9, done.stdout
    assert re.search(rf"nats +nats://{HOST}:\d+", done.stderr)
    assert "HTTP Error 429" in done.stderr

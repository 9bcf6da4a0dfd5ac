"""`zerotouch run`: the environment of the agent, as in its pod."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import ASK, QUESTION, claim, code_claim, processes, run, running, written
from zerotouch.local.ports import HOST, any_free


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
        ({"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "example.com"}, "example.com,127.0.0.1,localhost"),
        ({"all_proxy": "http://127.0.0.1:9", "no_proxy": "*"}, "*"),
        ({}, None),
    ],
)
def test_a_proxy_is_not_asked_for_the_sidecar(own: dict[str, str], left_out: str | None, file: Path, tmp_path: Path) -> None:
    done = run("--mock-models", file, "--", sys.executable, ASK, QUESTION, **own)
    assert done.returncode == 0, done.stderr
    found = variables(tmp_path, **own)
    assert [found.get(name) for name in ("NO_PROXY", "no_proxy")] == [left_out, left_out]


@pytest.mark.parametrize(
    ("env", "left_out"),
    [
        ([], "127.0.0.1,localhost"),
        ([{"name": "no_proxy", "value": ".corp"}], ".corp,127.0.0.1,localhost"),
        (
            [{"name": "NO_PROXY", "valueFrom": {"configMapKeyRef": {"name": "proxies", "key": "left-out"}}}],
            "example.com,127.0.0.1,localhost",
        ),
    ],
    ids=["none", "value", "valueFrom"],
)
def test_a_proxy_of_the_claim_is_not_asked_for_the_sidecar(env: list[dict[str, Any]], left_out: str, tmp_path: Path) -> None:
    proxy = {"name": "HTTP_PROXY", "value": "http://127.0.0.1:9"}
    found = variables(tmp_path, proxy, *env, NO_PROXY="example.com")
    assert [found.get(name) for name in ("HTTP_PROXY", "NO_PROXY", "no_proxy")] == ["http://127.0.0.1:9", left_out, left_out]


def test_a_value_that_the_pod_has_under_another_name_is_asked_for_as_the_claim_says(tmp_path: Path) -> None:
    source = {"valueFrom": {"secretKeyRef": {"name": "proxies", "key": "left-out"}}}
    env = [{"name": "HTTP_PROXY", "value": "http://127.0.0.1:9"}, {"name": "no_proxy", **source}]
    done = run("--mock-models", written(tmp_path, claim(agent={"image": "ghcr.io/myorg/researcher:v1", "env": env})), "--", "true")
    message = "spec.agent.env: no_proxy comes from Secret proxies; set no_proxy in your environment, or mark it optional: true"
    assert (done.returncode, done.stderr) == (1, f"Error: {message}\n")

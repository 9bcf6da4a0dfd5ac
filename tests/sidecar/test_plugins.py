"""Packages that are installed beside the sidecar are found by their entry points, and their mistakes stay theirs."""

import json
from pathlib import Path
from typing import Any

from tests.sidecar.loops import ask, run
from tests.sidecar.processes import TOKEN, Sidecar, minimal, sidecar, wait_for, write

HOOK = """
from zerotouch_sidecar.plugins.hooks import Refusal

class Guard:
    def __init__(self):
        self.ended = 0

    async def before(self, exchange):
        if exchange.way == "models" and b"forbidden" in dict(exchange.headers).get(b"x-topic", b""):
            return Refusal(403, "not about that")
        if exchange.way == "ingress":
            return Refusal(418, "the agent rests")

    async def after(self, exchange, outcome):
        return None
"""
PROVIDERS = """
from zerotouch_sidecar.models.providers.mock import MockProvider

def good(setup):
    return MockProvider(setup)

def bad(setup):
    raise RuntimeError("a plugin's mistake")
"""
ENTRIES = "[zerotouch_sidecar.providers]\ngood = my_plugin:good\nbad = my_plugin:bad\n"


def installed(folder: Path, source: str, entries: str) -> Path:
    """A package as pip leaves it."""
    (folder / "my_plugin.py").write_text(source)
    facts = folder / "my_plugin-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: my-plugin\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(entries)
    return folder


def models(kind: str) -> dict[str, Any]:
    target = {"provider": "mine", "model": "m"}
    return {"providers": [{"name": "mine", "type": kind}], "models": [{"alias": "default", "targets": [target]}]}


def asked(it: Sidecar, topic: bytes = b"weather", token: str = TOKEN) -> bytes:
    body = b'{"model": "default", "messages": [{"role": "user", "content": "hello"}]}'
    head = b"POST /openai/v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\nX-Topic: %b\r\nConnection: close\r\n" % (
        token.encode(),
        topic,
    )
    return run(ask(it.ports["local"], head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)))


def test_a_provider_of_a_package_answers_and_the_mistake_of_another_changes_nothing(tmp_path: Path) -> None:
    with sidecar(minimal(1, llm=models("good")), plugins=installed(tmp_path, PROVIDERS, ENTRIES)) as it:
        assert asked(it).startswith(b"HTTP/1.1 200 ")
        write(it.config, minimal(1, llm=models("bad")))
        wait_for(lambda: it.metric("agent_config_valid 0\n"))
        assert "bad cannot be used: a plugin's mistake" in it.info()["configuration"]["refused"]
        assert asked(it).startswith(b"HTTP/1.1 200 ")


def test_a_hook_of_a_package_guards_both_ways(tmp_path: Path) -> None:
    entries = "[zerotouch_sidecar.hooks]\nguard = my_plugin:Guard\n"
    with sidecar(minimal(1, llm=models("mock")), plugins=installed(tmp_path, HOOK, entries)) as it:
        assert it.info()["hooks"] == ["guard"]
        status, body = it.get("ingress", "/")
        assert (status, json.loads(body)["detail"]) == (418, "the agent rests")
        assert asked(it).startswith(b"HTTP/1.1 200 ")
        assert asked(it, b"forbidden things").startswith(b"HTTP/1.1 403 ")


def test_a_hook_learns_nothing_of_a_call_without_the_pods_token(tmp_path: Path) -> None:
    entries = "[zerotouch_sidecar.hooks]\nguard = my_plugin:Guard\n"
    with sidecar(minimal(1, llm=models("mock")), plugins=installed(tmp_path, HOOK, entries)) as it:
        said = asked(it, b"forbidden things", token="a guess")
        assert said.startswith(b"HTTP/1.1 401 ")
        assert json.loads(said.partition(b"\r\n\r\n")[2])["error"]["code"] == "invalid_api_key"


def test_a_hook_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    entries = "[zerotouch_sidecar.hooks]\nguard = my_plugin:Missing\n"
    with sidecar(minimal(1), plugins=installed(tmp_path, HOOK, entries)) as it:
        assert it.process.wait(30) == 1
        assert it.log.read_text().startswith("Error: hook guard: cannot be made")

"""`zerotouch run` as a process of its own, for the tests of what it promises."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

RUN_SECONDS: Final = 60
ASK: Final = str(Path(__file__).parents[2] / "examples/agents/ask.py")
QUESTION: Final = "Which river flows through Vienna?"
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
    """The processes that it has started, but for the one that watches over them."""
    started = {int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}
    return {pid for pid in started if b"zerotouch-watch" not in Path(f"/proc/{pid}/cmdline").read_bytes()}


def code_claim(folder: Path, port: int, **fields: Any) -> Path:
    agent = {
        "code": {"configMap": "researcher-code", "entrypoint": "main.py", "runtimeImage": "docker.io/library/python:3.13-slim"},
        "port": port,
        "env": [{"name": "PORT", "value": str(port)}],
    }
    metadata = {"name": "researcher-code", "namespace": "intelligence-agents"}
    code = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"main.py": SERVER}}
    return written(folder, claim(agent=agent), {**code, **fields})

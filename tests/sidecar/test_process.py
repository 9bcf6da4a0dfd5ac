"""The sidecar as a whole: how it starts, is configured again, and ends."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.sidecar.loops import LOOPBACK, ask, connected, run, until
from tests.sidecar.processes import TOKEN, minimal, sidecar, wait_for, write
from zerotouch_function.resources.probes import TIMEOUT_SECONDS
from zerotouch_sidecar.local.reports import Reports, parse
from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.ops.readiness import PROBE_SECONDS
from zerotouch_sidecar.sidecar import OPS_LIMITS

REPORT = json.dumps(
    {"runtime": "python", "runtimeVersion": "3.13.1", "wrapperVersion": "0.1.0", "pid": 7, "loaded": True, "framework": ""}
).encode()


class Program(BaseHTTPRequestHandler):
    """An agent that takes as long as its test wants."""

    go_on = threading.Event()
    arrived = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/slow":
            self.arrived.set()
            self.go_on.wait(30)
        body = f"agent on {self.connection.getsockname()[1]}".encode()
        self.send_response(200 if self.path != "/not-ready" else 503)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # whoever asked may have been ended meanwhile
            self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        return


@contextmanager
def program() -> Iterator[int]:
    """The agent, and its port."""
    Program.go_on.clear()
    Program.arrived.clear()
    server = ThreadingHTTPServer((LOOPBACK, 0), Program)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        Program.go_on.set()
        server.shutdown()
        server.server_close()


def test_a_minimal_configuration_serves_and_ends_in_order(tmp_path: Path) -> None:
    with program() as port, sidecar(minimal(port)) as it:
        assert it.get("ops", "/healthz") == (200, b"ok\n")
        assert it.get("ops", "/readyz") == (200, b"ready\n")
        assert it.get("ingress", "/") == (200, f"agent on {port}".encode())
        info = it.info()
        assert (info["agent"], info["pod"]) == ({"name": "researcher", "namespace": "ns"}, "researcher-0")
        assert it.metric("agent_config_valid 1")
        assert it.end() == 0
        assert [event["event"] for event in it.events()][-1] == "stopped"


def test_connections_that_are_kept_open_do_not_keep_the_kubelet_out() -> None:
    async def work(port: int) -> None:
        async with AsyncExitStack() as kept:
            for _ in range(2 * OPS_LIMITS.connections):
                client = await kept.enter_async_context(connected(port))
                await client.send(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
                assert (await client.answer())[0] == 200

    with program() as port, sidecar(minimal(port)) as it:
        run(work(it.ports["ops"]))


def test_the_local_api_wants_the_pods_token_and_tells_it_nowhere() -> None:
    with sidecar(minimal(1)) as it:
        for token in ("", "another", TOKEN[:-1], TOKEN + "x"):
            assert it.get("local", "/wrapper/report", token=token, body=REPORT)[0] == 401
            status, body = it.get("local", "/openai/v1/models", token=token)
            assert (status, json.loads(body)["error"]["code"]) == (401, "invalid_api_key")
            status, body = it.get("local", "/anthropic/v1/models", token=token)
            assert (status, json.loads(body)["error"]["type"]) == (401, "authentication_error")
        assert it.get("local", "/nothing", token=TOKEN)[0] == 404
        assert it.get("local", "/wrapper/report", token=TOKEN)[0] == 405
        assert it.get("local", "/wrapper/report", token=TOKEN, body=b"no json")[0] == 400
        assert it.get("local", "/wrapper/report", token=TOKEN, body=b"x" * 20_000)[0] == 413
        assert it.get("local", "/wrapper/report", token=TOKEN, body=REPORT)[0] == 204
        told = b"".join(it.get("ops", path)[1] for path in ("/metrics", "/_agent/info", "/readyz")) + it.log.read_bytes()
        assert TOKEN.encode() not in told


def test_what_is_refused_unread_is_counted_for_each_port() -> None:
    with sidecar(minimal(1)) as it:
        for port in ("ingress", "local", "ops"):
            assert run(ask(it.ports[port], b"GET / HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
            assert it.metric(f'agent_http_refused_total{{port="{port}",http_response_status_code="400"}} 1')


def test_an_agent_that_does_not_listen_is_not_ready() -> None:
    with program() as port:
        pass
    with sidecar(minimal(port)) as it:
        status, body = it.get("ops", "/readyz")
        assert status == 503
        assert f"does not listen on port {port}" in json.loads(body)["detail"]
        assert it.get("ops", "/healthz")[0] == 200
        assert it.get("ingress", "/")[0] == 503


@pytest.mark.parametrize("path, status", [("/ready", 200), ("/not-ready", 503)])
def test_a_readiness_path_is_asked(path: str, status: int) -> None:
    with program() as port:
        document = minimal(port)
        document["agent"]["readinessPath"] = path
        with sidecar(document) as it:
            assert it.get("ops", "/readyz")[0] == status


def test_the_agent_is_waited_for_nearly_as_long_as_the_kubelet_waits_for_us() -> None:
    assert TIMEOUT_SECONDS - 1 < PROBE_SECONDS < TIMEOUT_SECONDS


def test_where_the_wrapper_must_report_the_pod_is_ready_after_it_and_after_the_sidecar_restarted_alone(tmp_path: Path) -> None:
    with program() as port:
        document = minimal(port, wrapper={"mode": "initContainer", "failurePolicy": "Fail"})
        with sidecar(document, state=tmp_path) as it:
            assert "has not reported" in it.get("ops", "/readyz")[1].decode()
            assert it.get("local", "/wrapper/report", token=TOKEN, body=REPORT)[0] == 204
            assert it.get("ops", "/readyz")[0] == 200
            assert it.metric("agent_wrapper_loaded 1")
            assert it.info()["wrapper"]["reports"][0]["runtimeVersion"] == "3.13.1"
            it.process.kill()
        with sidecar(document, state=tmp_path) as it:
            assert it.get("ops", "/readyz")[0] == 200


def test_a_report_is_kept_though_the_wrapper_leaves_before_it_is_written(tmp_path: Path) -> None:
    async def work() -> None:
        reports = Reports(tmp_path, Registry())
        adding = asyncio.ensure_future(reports.add(parse(REPORT)))
        while not reports.reports:
            await asyncio.sleep(0)
        adding.cancel()
        await until(lambda: (tmp_path / "wrapper-reports.json").exists())

    run(work())


@pytest.mark.parametrize("content", ["", "{", '[{"runtime": 1}]'])
def test_a_damaged_report_of_before_is_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "wrapper-reports.json").write_text(content)
    with program() as port, sidecar(minimal(port), state=tmp_path) as it:
        assert it.get("ops", "/readyz")[0] == 200
        assert it.info()["wrapper"] == {"loaded": False, "reports": []}


@pytest.mark.parametrize(
    "document, said",
    [
        ("{", "sidecar.json: is not JSON"),
        ({"schemaVersion": 1}, "agent: is missing; add it"),
        (minimal(8080, colour="red"), "colour: is not a field; remove it"),
        (minimal(0), "agent.port: Expected `int` >= 1"),
    ],
)
def test_a_configuration_that_does_not_hold_stops_the_start(document: dict[str, object] | str, said: str) -> None:
    with sidecar(document) as it:
        assert it.process.wait(30) == 1
        (line,) = it.log.read_text().splitlines()
        assert line.startswith(f"Error: {said}")


def test_without_a_token_it_does_not_start() -> None:
    with sidecar(minimal(1), token="") as it:
        assert it.process.wait(30) == 1
        assert it.log.read_text() == "Error: AGENT_TOKEN: is not set; give the pod's UID with fieldRef metadata.uid\n"


def test_a_changed_configuration_is_used_without_a_restart_and_a_bad_one_is_not() -> None:
    with program() as first, program() as second, sidecar(minimal(first)) as it:
        digest = it.info()["configuration"]["digest"]
        write(it.config, minimal(second))
        wait_for(lambda: it.get("ingress", "/")[1] == f"agent on {second}".encode())
        assert it.info()["configuration"]["digest"] != digest
        write(it.config, minimal(second, llm={"defaultModel": "none"}))
        wait_for(lambda: it.metric("agent_config_valid 0"))
        assert it.info()["configuration"]["refused"] == "llm.defaultModel: no alias none; known: none"
        assert it.get("ingress", "/")[0] == 200
        assert any(event["level"] == "error" and "refused" in event["event"] for event in it.events())
        write(it.config, minimal(first))
        wait_for(lambda: it.metric("agent_config_valid 1"))
        assert it.info()["configuration"] == {"digest": digest, "refused": ""}


def test_what_a_new_configuration_cannot_make_leaves_everything_as_it_was() -> None:
    with program() as first, program() as second, sidecar(minimal(first)) as it:
        provider = {"name": "new", "type": "from-a-plugin-that-is-not-here", "baseUrl": "http://127.0.0.1:1"}
        write(it.config, minimal(second, llm={"providers": [provider]}))
        wait_for(lambda: it.metric("agent_config_valid 0"))
        assert "from-a-plugin-that-is-not-here" in it.info()["configuration"]["refused"]
        assert it.get("ingress", "/")[1] == f"agent on {first}".encode()


def test_the_end_lets_requests_under_way_finish_and_is_not_ready() -> None:
    with program() as port, sidecar(minimal(port, ingress={"drainSeconds": 20})) as it:
        answers: list[tuple[int, bytes]] = []
        asking = threading.Thread(target=lambda: answers.append(it.get("ingress", "/slow")))
        asking.start()
        assert Program.arrived.wait(30)
        it.process.terminate()
        wait_for(lambda: any(event["event"] == "draining" for event in it.events()))
        assert it.get("ops", "/readyz")[0] == 503
        with pytest.raises(ConnectionError):
            run(ask(it.ports["ingress"], b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        Program.go_on.set()
        asking.join(30)
        assert answers == [(200, f"agent on {port}".encode())]
        assert it.process.wait(30) == 0


def test_the_end_does_not_wait_longer_than_it_may() -> None:
    with program() as port, sidecar(minimal(port, ingress={"drainSeconds": 0.2})) as it:

        async def work() -> None:
            asking = asyncio.ensure_future(ask(it.ports["ingress"], b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"))
            assert await asyncio.to_thread(Program.arrived.wait, 30)
            it.process.terminate()
            assert await asyncio.to_thread(it.process.wait, 30) == 0
            assert b"200 OK" not in await asking

        run(work())


def test_a_port_that_is_taken_stops_the_start() -> None:
    import socket
    import subprocess
    import sys

    with socket.socket() as taken, sidecar(minimal(1)) as it:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "zerotouch_sidecar", "--config", str(it.config), "--host", LOOPBACK]
        command += ["--ops-port", "0", "--local-port", "0", "--ingress-port", str(port)]
        ended = subprocess.run(command, capture_output=True, env={"AGENT_TOKEN": "x"}, check=False, timeout=30)
        assert ended.returncode == 1
        assert f"--ingress-port: 127.0.0.1:{port} cannot be listened on".encode() in ended.stderr

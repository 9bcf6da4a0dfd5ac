"""What docs/operations.md says of accounts is what real servers do: they refuse them while they run, and take them when all start anew."""

import asyncio
import importlib.util
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError

import nats
import pytest
import yaml

from benchmarks.servers import free_port
from tests.bootstrap.manifests import BOOTSTRAP, ROOT, Manifest, document, named
from zerotouch.schema import check_manifest

PROGRAM: Final = Path(sys.executable).with_name("nats-server")
GUIDE: Final = (ROOT / "docs/operations.md").read_text()
VALUES: Final = document(BOOTSTRAP / "components/01-nats.values.yaml")
REFUSED: Final = "config reload not supported for SystemAccount"
ASKS: Final = '"auth_required": true'
VIOLATION: Final = "Authorization Violation"
DELETES: Final = "Detected orphaned stream"
RELOAD: Final = re.compile("(Reloaded|Failed to reload).*\n")
WAIT_SECONDS: Final = 60
HOLD_SECONDS: Final = 5
"""How long servers that cannot work together are watched. Those that can do so within a second."""


class Server:
    """A server of the cluster `nats`, with the platform's settings."""

    def __init__(self, folder: Path, name: str, routes: dict[str, int]) -> None:
        self.port, self.monitoring = free_port(), free_port()
        self._folder, self._name, self._routes = folder, name, routes
        self._log, self._settings = folder / f"{name}.log", folder / f"{name}.conf"
        self._process: subprocess.Popen[bytes] | None = None

    def configure(self, accounts: Manifest) -> None:
        """Writes the settings: those of the values that matter here, and what `config.merge` gets."""
        settings = {
            "server_name": self._name,
            "listen": f"127.0.0.1:{self.port}",
            "http": f"127.0.0.1:{self.monitoring}",
            "jetstream": {"store_dir": str(self._folder / self._name), **VALUES["config"]["jetstream"]["merge"]},
            **accounts,
        }
        if len(self._routes) > 1:
            routes = [f"nats-route://127.0.0.1:{port}" for port in self._routes.values()]
            settings["cluster"] = {"name": "nats", "listen": f"127.0.0.1:{self._routes[self._name]}", "routes": routes}
        self._settings.write_text(json.dumps(settings))

    def start(self) -> None:
        self._process = subprocess.Popen([PROGRAM, "--config", self._settings, "--log", self._log])
        eventually(self._listens)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def reload(self) -> str:
        """Has it read its settings again, as the chart's reloader does, and returns what it says of them."""
        assert self._process
        before = len(self._log.read_text())
        self._process.send_signal(signal.SIGHUP)
        eventually(lambda: bool(RELOAD.search(self._log.read_text(), before)))
        return self._log.read_text()[before:]

    def is_healthy(self) -> bool:
        """What the chart's startup probe asks."""
        return '"ok"' in self._ask("/healthz")

    def asks_for_credentials(self) -> bool:
        return ASKS in self._ask("/varz")

    def _ask(self, path: str) -> str:
        try:
            return str(urllib.request.urlopen(f"http://127.0.0.1:{self.monitoring}{path}", timeout=5).read().decode())
        except (URLError, OSError):
            return ""

    def greeting(self) -> str:
        """What it answers to a client without credentials."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client, client.makefile("rwb") as lines:
            lines.readline()
            lines.write(b'CONNECT {"verbose": false}\r\nPING\r\n')
            lines.flush()
            return bytes(lines.readline()).decode().strip()

    def streams(self, credentials: Path | None = None, *, new: str = "") -> list[str]:
        """The streams that a client sees, after it has made one more."""

        async def look() -> list[str]:
            user = {"user_credentials": str(credentials)} if credentials else {}
            async with await nats.connect(f"nats://127.0.0.1:{self.port}", allow_reconnect=False, **user) as client:
                jetstream = client.jetstream()
                if new:
                    await jetstream.add_stream(name=new, subjects=[new])
                return [str(info.config.name) for info in await jetstream.streams_info()]

        return asyncio.run(look())


def eventually(probe: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not probe():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.02)


@contextmanager
def running(folder: Path, count: int) -> Iterator[list[Server]]:
    """That many servers as the platform has them before accounts are switched on, stopped in the end."""
    routes = {f"nats-{number}": free_port() for number in range(count)}
    servers = [Server(folder, name, routes) for name in routes]
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.stop)
            server.configure({})
            server.start()
        eventually(lambda: all(server.is_healthy() for server in servers))
        yield servers


@pytest.fixture(scope="module")
def operator() -> Any:
    """Who signs accounts, as the example's own tests make one."""
    path = ROOT / "examples/consumer-repo/tests/integration/accounts.py"
    spec = importlib.util.spec_from_file_location("accounts", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Operator()


def test_accounts_are_refused_by_a_server_that_runs_and_taken_by_one_that_starts(operator: Any, tmp_path: Path) -> None:
    team = operator.account("deepagents").credentials(tmp_path / "team.creds")
    with running(tmp_path, 1) as (server,):
        server.streams(new="BEFORE")
        server.configure(operator.configuration())
        assert REFUSED in server.reload()
        assert not server.asks_for_credentials()
        assert server.greeting() == "PONG"
        assert server.streams() == server.streams(team) == ["BEFORE"], "whoever comes, with credentials or without"
        server.stop()
        server.start()
        assert server.asks_for_credentials()
        assert VIOLATION in server.greeting()
        assert server.streams(team) == []
        assert server.streams(team, new="AFTER") == ["AFTER"]


def test_a_further_account_needs_no_restart(operator: Any, tmp_path: Path) -> None:
    with running(tmp_path, 1) as (server,):
        accounts = operator.configuration()
        server.configure(accounts)
        server.stop()
        server.start()
        further = operator.account("others")
        accounts["resolver_preload"][further.id] = further.token
        server.configure(accounts)
        assert "Reloaded" in server.reload()
        assert server.streams(further.credentials(tmp_path / "further.creds")) == []


def test_three_servers_take_accounts_together_and_not_one_after_the_other(operator: Any, tmp_path: Path) -> None:
    with running(tmp_path, 3) as servers:
        for server in servers:
            server.configure(operator.configuration())
        servers[2].stop()
        servers[2].start()
        until = time.monotonic() + HOLD_SECONDS
        while time.monotonic() < until:
            assert not servers[2].is_healthy(), "the rolling restart would go on"
            time.sleep(0.1)
        start_at_once(servers)
        assert all(server.asks_for_credentials() and VIOLATION in server.greeting() for server in servers)


def start_at_once(servers: list[Server]) -> None:
    """Stops all, then starts all."""
    for server in servers:
        server.stop()
    for server in servers:
        server.start()
    eventually(lambda: all(server.is_healthy() for server in servers))


def test_three_servers_delete_every_stream_under_another_system_account(operator: Any, tmp_path: Path) -> None:
    team = operator.account("deepagents").credentials(tmp_path / "team.creds")
    other = type(operator.system)("SYS", operator, has_storage=False)
    accounts = operator.configuration()
    accounts["resolver_preload"][other.id] = other.token
    with running(tmp_path, 3) as servers:
        for server in servers:
            server.configure(accounts)
        start_at_once(servers)
        assert servers[0].streams(team, new="TASKS") == ["TASKS"]
        for server in servers:
            server.configure({**accounts, "system_account": other.id})
        start_at_once(servers)
        assert servers[0].streams(team) == []
        eventually(lambda: any(DELETES in log.read_text() for log in tmp_path.glob("*.log")))


def test_the_guide_says_it_in_the_servers_words(operator: Any) -> None:
    (shown,) = re.findall(r"```yaml\nconfig:\n  merge:\n(.*?)```", GUIDE, re.DOTALL)
    assert yaml.safe_load(shown).keys() == operator.configuration().keys()
    assert all(text in GUIDE for text in (REFUSED, ASKS, VIOLATION))
    assert DELETES in GUIDE.partition("### An account for each team")[2].partition("\n## ")[0]
    labels = named(VALUES["extraResources"], "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    assert GUIDE.count(f"--selector {selector}") == 2


def test_the_guides_shell_is_a_pod_that_finds_the_credentials_of_the_secret() -> None:
    (overrides,) = re.findall(r"kubectl -n nats run nats-box .* --overrides='(.*?)'", GUIDE, re.DOTALL)
    spec = json.loads(overrides)["spec"]
    (container,), (volume,) = spec["containers"], spec["volumes"]
    pod = {"metadata": {}, "spec": {"selector": {}, "template": {"spec": spec}}}
    assert check_manifest({"apiVersion": "apps/v1", "kind": "Deployment", **pod}) == []
    (mount,) = container["volumeMounts"]
    assert (mount["name"], volume["secret"]["optional"]) == (volume["name"], True)
    (secret, key) = re.findall(r"kubectl -n nats create secret generic (\S+) --from-file=(\S+)=", GUIDE)[0]
    assert secret == volume["secret"]["secretName"]
    assert f"export NATS_CREDS={mount['mountPath']}/{key};" in container["command"][-1]

"""The official NATS chart with our values is what those mean: limits, lag, metrics, and settings that change without a restart.

It runs where the chart is at hand.
"""

import asyncio
import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import nats
import pytest
import yaml
from nats.js.api import StorageType, StreamConfig
from nats.js.errors import APIError

from tests.e2e.claims import MAX_REPLICAS, Claim, secrets, spec
from tests.e2e.claims import manifest as claim_manifest
from tests.e2e.cluster import Manifest, port_forward
from tests.e2e.figures import Figures
from tests.e2e.images import Workload, build_nats_chart
from tests.e2e.making import MakeNamespace
from tests.e2e.namespace import Namespace
from tests.e2e.settings import Settings
from tests.e2e.streams import Queue
from tests.nats_chart import nats_chart

pytestmark = pytest.mark.operations

ROOT: Final = Path(__file__).parents[3]
VALUES: Final = ROOT / "bootstrap/components/01-nats.values.yaml"
RULES: Final = ROOT / "platform/07-observability/rules/queues.yaml"
HELM: Final = os.environ.get("HELM", "helm")
POD: Final = "nats-0"
MONITORING_PORT: Final = 8222
METRICS_PORT: Final = 7777
GIBIBYTE: Final = 1 << 30
INSTALL_SECONDS: Final = 300
PAYLOAD_BYTES: Final = 2 << 20
ANSWER_SECONDS: Final = 10
RELOAD_SECONDS: Final = 180
"""The kubelet may take more than a minute to bring a changed ConfigMap to a pod."""

MESSAGES: Final = 200
DRAIN_SECONDS: Final = 240


@pytest.fixture(scope="module")
def chart() -> Path:
    return nats_chart()


@pytest.fixture(scope="module")
def installed(
    chart: Path,
    environment: Settings,
    make_namespace: MakeNamespace,
    tmp_path_factory: pytest.TempPathFactory,
    figures: Figures,
) -> Iterator[Namespace]:
    """A namespace, pod security `restricted`, with the chart in it and the Secrets that claims name."""
    namespace = make_namespace()
    namespace.apply(*secrets())
    if environment.builds_public_images:
        build_nats_chart(environment, tmp_path_factory.mktemp("nats-chart"), images(chart))
    with figures.time("NATS chart installed, to ready"):
        helm("upgrade", "--install", "nats", str(chart), f"--namespace={namespace.name}", f"--values={VALUES}", "--wait")
    yield namespace
    if not environment.keeps_namespaces:
        helm("uninstall", "nats", f"--namespace={namespace.name}", "--wait")


def images(chart: Path) -> list[str]:
    """The images that the chart's pods run, in full."""
    (servers,) = [m for m in yaml.safe_load_all(helm("template", "nats", str(chart), f"--values={VALUES}")) if m["kind"] == "StatefulSet"]
    short = [container["image"] for container in servers["spec"]["template"]["spec"]["containers"]]
    return [f"docker.io/{image}" if "/" in image else f"docker.io/library/{image}" for image in short]


def helm(*arguments: str) -> str:
    command = [HELM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} exited {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def ask(namespace: Namespace, path: str, port: int = MONITORING_PORT) -> str:
    with port_forward(namespace.name, f"pod/{POD}", port) as local:
        return str(urllib.request.urlopen(f"http://127.0.0.1:{local}{path}", timeout=ANSWER_SECONDS).read().decode())


def monitored(namespace: Namespace, path: str) -> Manifest:
    found: Manifest = json.loads(ask(namespace, path))
    return found


def test_jetstream_is_on_with_the_limits_that_are_meant(installed: Namespace) -> None:
    config = monitored(installed, "/jsz?config=true")["config"]
    pod = installed.get("pod", POD) or {}
    (server,) = [c for c in pod["spec"]["containers"] if c["name"] == "nats"]
    assert (config["max_storage"], config["max_memory"]) == (10 * GIBIBYTE, 2 * GIBIBYTE)
    assert config["sync_always"] is True
    assert server["resources"]["limits"]["memory"] == "4Gi"
    assert monitored(installed, "/healthz")["status"] == "ok"


@pytest.mark.parametrize(("storage", "size"), [(StorageType.MEMORY, 2 * GIBIBYTE), (StorageType.FILE, 10 * GIBIBYTE)])
def test_a_stream_may_be_as_large_as_the_store_and_no_larger(storage: StorageType, size: int, installed: Namespace) -> None:
    async def add(port: int) -> None:
        client = await nats.connect(f"nats://127.0.0.1:{port}", allow_reconnect=False)
        try:
            jetstream = client.jetstream()
            await jetstream.add_stream(StreamConfig(name="FITS", subjects=["fits"], storage=storage, max_bytes=size))
            await jetstream.delete_stream("FITS")
            with pytest.raises(APIError, match="insufficient"):
                await jetstream.add_stream(StreamConfig(name="TOO_LARGE", subjects=["large"], storage=storage, max_bytes=size + 1))
        finally:
            await client.close()

    with port_forward(installed.name, "svc/nats", 4222) as port:
        asyncio.run(add(port))


def test_keda_reads_the_lag_and_the_exporter_has_what_the_rules_read(installed: Namespace, workload: Workload, figures: Figures) -> None:
    queue = Queue(installed.name, "CHART", "workers")
    queue.create()
    installed.apply(claim_manifest("chart", spec(workload.v1, queue)))
    claim = Claim(installed, "chart")
    claim.wait_ready()
    with figures.time(f"{MESSAGES} messages on the chart's NATS to {MAX_REPLICAS} ready pods"):
        queue.publish(MESSAGES, milliseconds=500)
        claim.wait_for("is scaled out", lambda: len(claim.running()) == MAX_REPLICAS)
    wanted = set(re.findall(r"\bnats_\w+", RULES.read_text()))
    assert wanted
    assert wanted <= set(re.findall(r"^(nats_\w+)\{", ask(installed, "/metrics", METRICS_PORT), re.MULTILINE))
    claim.wait_for("has consumed everything", lambda: queue.lag() == 0, timeout_seconds=DRAIN_SECONDS)
    claim.wait_for("is scaled in", lambda: claim.wanted() == 1 and len(claim.running()) == 1, timeout_seconds=DRAIN_SECONDS)


def test_a_changed_setting_is_taken_without_a_restart(chart: Path, installed: Namespace) -> None:
    before = monitored(installed, "/varz")
    changed = f"--set=config.merge.max_payload={PAYLOAD_BYTES}"
    helm("upgrade", "nats", str(chart), f"--namespace={installed.name}", f"--values={VALUES}", changed)
    installed.wait_for("The server has the new setting", lambda: is_reloaded(installed, before), timeout_seconds=RELOAD_SECONDS)


def is_reloaded(namespace: Namespace, before: Manifest) -> bool:
    now = monitored(namespace, "/varz")
    return bool(now["max_payload"] == PAYLOAD_BYTES != before["max_payload"] and now["start"] == before["start"])

"""What the official NATS chart makes of our values; runs where the chart is at hand."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.bootstrap.manifests import BOOTSTRAP, ROOT, Manifest, named
from tests.nats_chart import nats_chart
from zerotouch.schema import check_manifest
from zerotouch_function.fields.quantity import amount

TABLE: Final[Manifest] = yaml.safe_load((BOOTSTRAP / "charts.yaml").read_text())["nats"]
VALUES: Final = {"dev": [BOOTSTRAP / "components/01-nats.values.yaml"]}
VALUES["prod"] = [*VALUES["dev"], BOOTSTRAP / "environments/prod/nats.values.yaml"]
SERVERS: Final = {"dev": 1, "prod": 3}


@pytest.fixture(scope="module")
def chart() -> Path:
    return nats_chart()


def rendered(chart: Path, environment: str) -> list[Manifest]:
    helm = os.environ.get("HELM", "helm")
    if not shutil.which(helm):
        pytest.skip(f"{helm} is not on PATH: set HELM")
    values = [f"--values={path}" for path in VALUES[environment]]
    done = subprocess.run([helm, "template", "nats", chart, "--namespace=nats", *values], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest and "helm.sh/hook" not in annotations(manifest)]


def annotations(manifest: Manifest) -> Manifest:
    return manifest["metadata"].get("annotations") or {}


def settings(manifests: list[Manifest]) -> Manifest:
    """The servers' configuration. It is JSON but for sizes and variables without quotes."""
    text = named(manifests, "ConfigMap")["data"]["nats.conf"]
    parsed: Manifest = json.loads(re.sub(r": (\$?\w+)(,?)\n", r': "\1"\2\n', text))
    return parsed


def test_the_table_has_the_charts_own_defaults(chart: Path) -> None:
    defaults = yaml.safe_load((chart / "values.yaml").read_text())
    for key, value in {**TABLE["values"], **TABLE["optional"]}.items():
        found: Any = defaults
        for name in key.split("."):
            assert name in found, key
            found = found[name]
        assert (found or None) == (value or None), key


@pytest.mark.parametrize("environment", SERVERS)
def test_jetstream_is_on_in_memory_and_on_disk(environment: str, chart: Path) -> None:
    found = settings(rendered(chart, environment))
    jetstream = found["jetstream"]
    assert (jetstream["max_file_store"], jetstream["max_memory_store"], jetstream["sync_interval"]) == ("10Gi", "2Gi", "always")
    assert found["http_port"] == "8222"
    assert ("cluster" in found) == (SERVERS[environment] > 1)


@pytest.mark.parametrize("environment", SERVERS)
def test_the_servers_have_what_they_need(environment: str, chart: Path) -> None:
    manifests = rendered(chart, environment)
    spec = named(manifests, "StatefulSet")["spec"]
    assert spec["replicas"] == SERVERS[environment]
    (server,) = [c for c in spec["template"]["spec"]["containers"] if c["name"] == "nats"]
    assert server["resources"]["requests"] == {"cpu": "250m", "memory": "512Mi"}
    assert amount(server["resources"]["limits"]["memory"]) >= 2 * amount("2Gi")
    (volume,) = spec["volumeClaimTemplates"]
    assert (volume["apiVersion"], volume["kind"]) == ("v1", "PersistentVolumeClaim"), "Argo CD would show a difference for ever"
    assert amount(volume["spec"]["resources"]["requests"]["storage"]) > amount("10Gi")
    assert named(manifests, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_production_spreads_its_servers(chart: Path) -> None:
    pod = named(rendered(chart, "prod"), "StatefulSet")["spec"]["template"]["spec"]
    (spread,) = pod["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["whenUnsatisfiable"], spread["maxSkew"]) == ("kubernetes.io/hostname", "DoNotSchedule", 1)


@pytest.mark.parametrize("environment", SERVERS)
def test_services_and_policies_find_the_pods_and_have_the_ports_that_claims_expect(environment: str, chart: Path) -> None:
    manifests = rendered(chart, environment)
    labels = named(manifests, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    for name, ports in (("nats", {4222}), ("nats-headless", {4222, 8222})):
        service = named(manifests, "Service", name)["spec"]
        assert ports <= {port["port"] for port in service["ports"]}
        assert service["selector"].items() <= labels.items()
    assert named(manifests, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    monitor = yaml.safe_load((ROOT / "platform/07-observability/monitors/nats.yaml").read_text())["spec"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    containers = named(manifests, "StatefulSet")["spec"]["template"]["spec"]["containers"]
    assert monitor["podMetricsEndpoints"][0]["port"] in {port["name"] for c in containers for port in c.get("ports", [])}


@pytest.mark.parametrize("environment", SERVERS)
def test_every_manifest_is_one_and_every_pod_restricted(environment: str, chart: Path) -> None:
    manifests = rendered(chart, environment)
    assert [problem for manifest in manifests for problem in check_manifest(manifest)] == []
    pod = named(manifests, "StatefulSet")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in pod["containers"]:
        security = container["securityContext"]
        assert (security["allowPrivilegeEscalation"], security["capabilities"]) == (False, {"drop": ["ALL"]}), container["name"]


@pytest.mark.parametrize("environment", SERVERS)
def test_the_server_takes_its_configuration(environment: str, chart: Path, tmp_path: Path) -> None:
    server = shutil.which("nats-server", path=f"{ROOT / '.venv/bin'}:{os.environ['PATH']}")
    if not server:
        pytest.skip("nats-server is not on PATH")
    file = tmp_path / "nats.conf"
    file.write_text(named(rendered(chart, environment), "ConfigMap")["data"]["nats.conf"])
    done = subprocess.run([server, "-t", "-c", file], env={"SERVER_NAME": "nats-0"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

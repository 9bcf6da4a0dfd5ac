"""The layer as Argo CD would sync it."""

from typing import Any

import yaml

from tests.bootstrap.manifests import BOOTSTRAP, document, kustomize, named
from tests.observability.rules import LAYER, ROOT
from zerotouch.schema import check_manifest

OPERATOR = "monitoring.coreos.com/v1"


def test_the_layer_stays_within_its_project() -> None:
    application = document(ROOT / "platform/07-observability.yaml")
    project = document(BOOTSTRAP / "projects/platform.yaml")["spec"]
    namespaces = [destination["namespace"] for destination in project["destinations"]]
    allowed = {(kind["group"], kind["kind"]) for kind in project["clusterResourceWhitelist"]}
    for manifest in kustomize(LAYER):
        group = manifest["apiVersion"].rpartition("/")[0]
        namespace = manifest["metadata"].get("namespace")
        assert (group, manifest["kind"]) in allowed if namespace is None else namespace in namespaces
    assert ROOT / application["spec"]["source"]["path"] == LAYER
    assert application["spec"]["destination"]["namespace"] in namespaces


def test_it_is_off_until_somebody_has_the_operator() -> None:
    assert "07-observability.yaml" not in document(ROOT / "platform/kustomization.yaml")["resources"]


def test_kubernetes_own_kinds_are_valid() -> None:
    checked = [manifest for manifest in kustomize(LAYER) if manifest["apiVersion"] != OPERATOR]
    assert {manifest["kind"] for manifest in checked} >= {"Deployment", "ConfigMap", "ClusterRole"}
    assert [problem for manifest in checked for problem in check_manifest(manifest)] == []


def test_claim_metrics_may_read_every_kind_that_it_counts_and_nothing_else() -> None:
    made = kustomize(LAYER)
    role = named(made, "ClusterRole")
    config = document(LAYER / "claim-metrics/config.yaml")
    counted = {resource["groupVersionKind"]["kind"] for resource in config["spec"]["resources"]}
    definitions = [document(path)["spec"] for path in ROOT.glob("apis/*/definition.yaml")]
    plurals = {names["plural"] for spec in definitions for names in (spec["claimNames"], spec["names"]) if names["kind"] in counted}
    granted = {resource for rule in role["rules"] for resource in rule["resources"]}
    assert granted == plurals | {"customresourcedefinitions"}
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"list", "watch"}


def test_claim_metrics_mounts_the_configuration_that_it_reads() -> None:
    made = kustomize(LAYER)
    pod = named(made, "Deployment")["spec"]["template"]["spec"]
    (volume,) = pod["volumes"]
    configuration = named(made, "ConfigMap", volume["configMap"]["name"])
    (mount,) = pod["containers"][0]["volumeMounts"]
    (key,) = configuration["data"]
    assert f"--custom-resource-state-config-file={mount['mountPath']}/{key}" in pod["containers"][0]["args"]


def test_the_agents_monitor_selects_their_pods() -> None:
    monitor = document(LAYER / "monitors/agents.yaml")["spec"]
    golden = yaml.safe_load_all((ROOT / "tests/golden/agenttype-minimal.direct.yaml").read_text())
    (pod,) = (manifest["spec"]["template"] for manifest in golden if manifest.get("kind") == "Deployment")
    assert monitor["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    ports = {port["name"] for container in pod["spec"]["initContainers"] for port in container.get("ports", [])}
    assert {endpoint["port"] for endpoint in monitor["podMetricsEndpoints"]} <= ports
    assert set(monitor["podTargetLabels"]) <= set(pod["metadata"]["labels"])


def test_the_functions_monitor_selects_its_pods() -> None:
    monitor = document(LAYER / "monitors/function.yaml")["spec"]
    function = document(ROOT / "platform/04-apis/base/function.yaml")
    assert monitor["selector"]["matchLabels"] == {monitor["jobLabel"]: function["metadata"]["name"]}


def test_nats_lets_prometheus_in_where_the_guide_says_that_it_runs() -> None:
    values = yaml.safe_load((ROOT / "bootstrap/components/01-nats.values.yaml").read_text())
    assert values["promExporter"]["enabled"]
    policy = values["extraResources"][0]["spec"]["ingress"]
    ports = {peer: rule["ports"][0]["port"] for rule in policy for peer in map(peer_of, rule["from"])}
    assert ports["monitoring"] == values["promExporter"]["port"]
    keda = yaml.safe_load((ROOT / "bootstrap/components/03-keda.values.yaml").read_text())
    assert keda["prometheus"]["operator"]["enabled"]
    assert "in the namespace `monitoring`" in (LAYER / "README.md").read_text()


def peer_of(peer: dict[str, Any]) -> str:
    labels: dict[str, str] = peer.get("namespaceSelector", {}).get("matchLabels", {})
    return labels.get("kubernetes.io/metadata.name", "")

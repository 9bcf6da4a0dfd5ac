"""Every query asks for metrics that exist."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from tests.observability.rules import LAYER, ROOT, RULE_FILES, rules
from tests.sidecar.test_documented import whole
from zerotouch_function.protocol.runner import Outcome
from zerotouch_function.serving.metrics import Metrics

DASHBOARD: Final[dict[str, Any]] = json.loads((LAYER / "dashboards/zerotouch.json").read_text())
CONFIG: Final[dict[str, Any]] = yaml.safe_load((LAYER / "claim-metrics/config.yaml").read_text())
STRINGS: Final = re.compile(r'"[^"]*"')
GROUPINGS: Final = re.compile(r"\b(?:by|on|group_left|without|ignoring)\s*\([^)]*\)")
MATCHERS: Final = re.compile(r"\{[^}]*\}|\[[^]]*\]")
WORDS: Final = re.compile(r"[A-Za-z_:][\w:]*")
IN_PROSE: Final = re.compile(r"`((?:agent_model_|gen_ai_client_|function_|keda_|nats_|zerotouch(?::|_claim_|_composite_))[\w:]+)")
LANGUAGE: Final = {
    "absent", "and", "changes", "count", "delta", "histogram_quantile", "increase", "label_replace", "label_values", "max", "min",
    "namespace", "or", "rate", "sum", "unless", "vector",
}  # fmt: skip
"""PromQL's functions and operators that our queries use, and what label_values asks for."""


def metrics_in(query: str) -> set[str]:
    return set(WORDS.findall(MATCHERS.sub("", GROUPINGS.sub("", STRINGS.sub("", query))))) - LANGUAGE


def queries() -> Iterator[str]:
    yield from (rule["expr"] for path in RULE_FILES for rule in rules(path))
    yield from (target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", []))
    yield from (variable["definition"] for variable in DASHBOARD["templating"]["list"] if "definition" in variable)


def of_the_function() -> set[str]:
    metrics = Metrics()
    metrics.begin()
    metrics.end("XAgentExecutor", Outcome.COMPOSED, 0.001)
    return {WORDS.findall(line)[0] for line in metrics.text().splitlines() if not line.startswith("#")}


def of_the_sidecars() -> set[str]:
    async def text() -> str:
        return whole().registry.text()

    kinds = re.findall(r"^# TYPE (\w+) (\w+)$", asyncio.run(text()), re.MULTILINE)
    return {name + end for name, kind in kinds for end in (("_bucket", "_count", "_sum") if kind == "histogram" else ("",))}


def of_the_claims() -> set[str]:
    return {f"{kind['metricNamePrefix']}_{metric['name']}" for kind in CONFIG["spec"]["resources"] for metric in kind["metrics"]}


def recorded() -> set[str]:
    return {rule["record"] for path in RULE_FILES for rule in rules(path) if "record" in rule}


def of_others() -> set[str]:
    table = yaml.safe_load((ROOT / "tests/observability/metrics.yaml").read_text())
    return {name for names in table.values() for name in names}


def known() -> set[str]:
    return of_the_function() | of_the_sidecars() | of_the_claims() | recorded() | of_others()


def test_every_query_asks_for_metrics_that_exist() -> None:
    used = {name for query in queries() for name in metrics_in(query)}
    assert used - known() == set()
    assert of_others() | recorded() <= used, "listed, and never used"


def test_documents_name_metrics_that_exist() -> None:
    """docs/sidecar-api.md, which lists all of the sidecar's, has a test of its own (`tests/sidecar/test_documented.py`)."""
    documents = [path for folder in ("docs", "platform") for path in (ROOT / folder).rglob("*.md") if path.name != "sidecar-api.md"]
    named = {name for path in documents for name in IN_PROSE.findall(path.read_text())}
    assert named - known() - {re.sub("_(bucket|count|sum)$", "", name) for name in known()} == set()
    assert named >= {"agent_model_attempts_failed_total", "function_requests_total", "zerotouch:claim_lag:messages"}


def test_outcomes_in_queries_are_outcomes_of_the_function() -> None:
    named = {value for query in queries() for found in re.findall(r'outcome=~?"([^"]+)"', query) for value in found.split("|")}
    assert named
    assert named <= {str(outcome) for outcome in Outcome}


def test_claim_metrics_count_every_claim_and_its_composite() -> None:
    counted = [kind["groupVersionKind"] for kind in CONFIG["spec"]["resources"]]
    assert counted == [
        {"group": definition["group"], "version": "v1alpha1", "kind": names["kind"]}
        for which in ("claimNames", "names")
        for definition in definitions()
        for names in [definition[which]]
    ]


def test_claim_metrics_read_fields_that_every_claim_has_or_its_status_gets() -> None:
    kinds = {kind["groupVersionKind"]["kind"]: kind for kind in CONFIG["spec"]["resources"]}
    for definition in definitions():
        check_fields(kinds[definition["claimNames"]["kind"]], definition["versions"][0]["schema"]["openAPIV3Schema"]["properties"])


def test_a_composite_is_counted_under_the_name_of_its_claim() -> None:
    composite = json.loads((ROOT / "benchmarks/requests/agentexecutor.json").read_text())["composite"]
    composite["metadata"]["name"] = "my-service-k7x2p"
    for definition in definitions():
        (kind,) = (kind for kind in CONFIG["spec"]["resources"] if kind["groupVersionKind"]["kind"] == definition["names"]["kind"])
        labels = {label: read(composite, path) for label, path in kind["labelsFromPath"].items()}
        assert labels == {"namespace": "measured", "name": "my-service", "composite": "my-service-k7x2p"}
        (metric,) = kind["metrics"]
        assert read(composite, metric["each"]["gauge"]["path"]) == "True"


def test_the_alert_finds_the_claims_kind_in_that_of_its_composite() -> None:
    (alert,) = (rule for path in RULE_FILES for rule in rules(path) if rule.get("alert") == "ClaimNotSynced")
    assert '"customresource_kind", "$1", "customresource_kind", "X(.+)"' in alert["expr"]
    for definition in definitions():
        assert definition["names"]["kind"] == "X" + definition["claimNames"]["kind"]


def definitions() -> list[dict[str, Any]]:
    return [yaml.safe_load(file.read_text())["spec"] for file in sorted(ROOT.glob("apis/*/definition.yaml"))]


def read(manifest: dict[str, Any], path: list[str]) -> object:
    """What kube-state-metrics finds there: "[key=value]" is the item of a list that has it."""
    found: Any = manifest
    for step in path:
        if step.startswith("["):
            key, _, value = step[1:-1].partition("=")
            (found,) = (item for item in found if item[key] == value)
        else:
            found = found[step]
    return found


def check_fields(kind: dict[str, Any], schema: dict[str, Any]) -> None:
    for path in (path for metric in kind["metrics"] for each in [metric["each"]] for path in paths(each)):
        if path[:2] == ["status", "conditions"]:
            continue  # Crossplane's own
        field = {"properties": schema}
        for name in path:
            field = field["properties"][name]
            assert "default" in field or name in ("spec", "status", *required(schema)) or path[0] == "status", path


def required(schema: dict[str, Any]) -> list[str]:
    return list(schema["spec"]["required"])


def paths(each: dict[str, Any]) -> Iterator[list[str]]:
    (body,) = (value for key, value in each.items() if key != "type")
    if "path" in body:
        yield body["path"]
        return
    yield from body["labelsFromPath"].values()


def test_conditions_in_queries_are_those_that_claims_have() -> None:
    named = {value for query in queries() for value in re.findall(r'zerotouch_claim_condition\{type="(\w+)"', query)}
    reference = (ROOT / "platform/04-apis/README.md").read_text()
    assert named == {"Ready", "Synced", "SpecValid", "ScalerReady"}
    for condition in named:
        assert f"{condition}`" in reference or f"### {condition}\n" in reference


def test_the_dashboard_lists_what_cannot_be_written_beside_what_is_not_true() -> None:
    (panel,) = (panel for panel in DASHBOARD["panels"] if panel["title"] == "Conditions that are not True")
    (target,) = panel["targets"]
    assert metrics_in(target["expr"]) == {"zerotouch_claim_condition", "zerotouch_composite_synced"}


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells)), "panels lie over each other"
    assert max(x for x, _ in cells) < 24
    for panel in panels:
        assert panel["type"] == "row" or (panel["description"] and panel["targets"])
        for target in panel.get("targets", []):
            assert target["datasource"]["uid"] == "${datasource}"

"""Charts: what is pinned is what was read, and no value is misspelt."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.bootstrap.manifests import BOOTSTRAP, ROOT, Manifest, document
from zerotouch_function.fields.quantity import amount

CHARTS: Final[Manifest] = yaml.safe_load((BOOTSTRAP / "charts.yaml").read_text())
COMPONENTS: Final = {
    document(path)["metadata"]["name"]: path for path in BOOTSTRAP.glob("components/0*.yaml") if not path.name.endswith(".values.yaml")
}


def values_files(chart: str) -> list[Path]:
    """What the chart gets: the values beside the Application, and each environment's own."""
    return [COMPONENTS[chart].with_suffix(".values.yaml"), *sorted(BOOTSTRAP.glob(f"environments/*/{chart}.values.yaml"))]


def keys(values: Manifest, table: Manifest, path: str = "") -> set[str]:
    """The table's keys that the values set; a key that is in it with a map or a list is set as a whole."""
    found: set[str] = set()
    for name, value in values.items():
        key = f"{path}{name}"
        if key in table or not isinstance(value, dict):
            found.add(key)
        else:
            found |= keys(value, table, f"{key}.")
    return found


def test_every_component_is_in_the_table_and_the_other_way_round() -> None:
    assert set(CHARTS) == set(COMPONENTS)


@pytest.mark.parametrize("chart", CHARTS)
def test_an_application_takes_the_pinned_chart(chart: str) -> None:
    application = document(COMPONENTS[chart])
    source = application["spec"]["sources"][0]
    want = (chart, CHARTS[chart]["repository"], CHARTS[chart]["version"], chart)
    assert (source["chart"], source["repoURL"], source["targetRevision"], source["helm"]["releaseName"]) == want
    assert [f"$values/{path.relative_to(ROOT)}" for path in values_files(chart)[:1]] == source["helm"]["valueFiles"][:1]
    assert source["helm"]["valueFiles"][1] == f"$values/bootstrap/environments/prod/{chart}.values.yaml"
    assert source["repoURL"] in document(BOOTSTRAP / "projects/platform.yaml")["spec"]["sourceRepos"]


@pytest.mark.parametrize("chart", CHARTS)
def test_every_value_is_one_that_the_chart_knows(chart: str) -> None:
    table, optional = CHARTS[chart]["values"], CHARTS[chart].get("optional", {})
    used = set().union(*(keys(yaml.safe_load(path.read_text()), {**table, **optional}) for path in values_files(chart)))
    assert used - set(optional) == set(table)


def test_the_nats_values_that_the_guide_offers_are_optional_ones() -> None:
    fences = re.findall(r"```yaml\n(config:.*?)```", (ROOT / "docs/operations.md").read_text(), re.DOTALL)
    optional = CHARTS["nats"]["optional"]
    assert set().union(*(keys(yaml.safe_load(fence), optional) for fence in fences)) == {"config.merge"} < set(optional)


@pytest.mark.parametrize("chart", CHARTS)
def test_a_value_has_the_type_of_the_charts_default(chart: str) -> None:
    table = {**CHARTS[chart]["values"], **CHARTS[chart].get("optional", {})}
    for path in values_files(chart):
        values = yaml.safe_load(path.read_text())
        for key in keys(values, table):
            default, ours = table[key], at(values, key)
            same = isinstance(ours, type(default)) or (isinstance(default, (str, int)) and isinstance(ours, (str, int)))
            assert default is None or same, f"{path.name}: {key} is {ours!r}, the chart has {default!r}"


def at(values: Manifest, key: str) -> Any:
    found: Any = values
    for name in key.split("."):
        found = found[name]
    return found


def test_versions_are_those_that_the_platform_is_tested_with() -> None:
    pins = dict(line.split("=") for line in (ROOT / "versions.env").read_text().splitlines() if line and not line.startswith("#"))
    nats = yaml.safe_load(values_files("nats")[0].read_text())
    assert CHARTS["crossplane"]["version"] == pins["CROSSPLANE_VERSION"].removeprefix("v")
    assert CHARTS["keda"]["version"] == pins["KEDA_VERSION"].removeprefix("v")
    assert nats["container"]["image"]["tag"] == f"{pins['NATS_VERSION']}-alpine"


def test_nats_has_what_the_contract_says() -> None:
    nats = yaml.safe_load(values_files("nats")[0].read_text())
    jetstream, resources = nats["config"]["jetstream"], nats["container"]["resources"]
    assert jetstream["enabled"] is True
    assert (jetstream["fileStore"]["maxSize"], jetstream["memoryStore"]["maxSize"]) == ("10Gi", "2Gi")
    assert jetstream["merge"] == {"sync_interval": "always"}
    assert resources["requests"] == {"cpu": "250m", "memory": "512Mi"}
    assert resources["limits"]["cpu"] == "1"


def test_the_stores_fit_into_what_holds_them() -> None:
    nats = yaml.safe_load(values_files("nats")[0].read_text())
    jetstream, container = nats["config"]["jetstream"], nats["container"]
    limit = amount(container["resources"]["limits"]["memory"])
    assert amount(jetstream["memoryStore"]["maxSize"]) <= limit / 2
    collected = amount(container["env"]["GOMEMLIMIT"].removesuffix("B"))
    assert amount(jetstream["memoryStore"]["maxSize"]) < collected < limit
    assert amount(jetstream["fileStore"]["maxSize"]) < amount(jetstream["fileStore"]["pvc"]["size"])


def test_production_has_three_nats_servers_apart_from_each_other() -> None:
    nats = yaml.safe_load((BOOTSTRAP / "environments/prod/nats.values.yaml").read_text())
    assert nats["config"]["cluster"] == {"enabled": True, "replicas": 3}
    assert nats["podTemplate"]["topologySpreadConstraints"]["kubernetes.io/hostname"]["whenUnsatisfiable"] == "DoNotSchedule"

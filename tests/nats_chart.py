"""The official NATS chart, which is not in this repository: NATS_CHART names a folder that holds it."""

import os
from pathlib import Path
from typing import Final

import pytest
import yaml

TABLE: Final = Path(__file__).parents[1] / "bootstrap" / "charts.yaml"


def nats_chart() -> Path:
    """Returns the chart's folder, of the version that bootstrap/charts.yaml names; skips the test where there is none."""
    folder = os.environ.get("NATS_CHART", "")
    if not folder:
        pytest.skip("NATS_CHART is not set: name a folder with helm/charts/nats of github.com/nats-io/k8s")
    found = yaml.safe_load((Path(folder) / "Chart.yaml").read_text())["version"]
    wanted = yaml.safe_load(TABLE.read_text())["nats"]["version"]
    assert found == wanted, f"NATS_CHART is version {found}, and {TABLE.name} says {wanted}"
    return Path(folder)

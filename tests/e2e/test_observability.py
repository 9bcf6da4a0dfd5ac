"""The platform's monitors and alerts, judged by the real API server where it has the Prometheus operator's definitions."""

from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.e2e.cluster import Manifest, kubectl, serves
from tests.e2e.making import MakeNamespace

ROOT: Final = Path(__file__).parents[2]
FILES: Final = {
    "podmonitors.monitoring.coreos.com": [
        ROOT / f"platform/07-observability/monitors/{name}.yaml" for name in ("claims", "function", "nats")
    ],
    "servicemonitors.monitoring.coreos.com": [ROOT / "platform/07-observability/monitors/keda.yaml"],
    "prometheusrules.monitoring.coreos.com": sorted((ROOT / "platform/07-observability/rules").glob("*.yaml")),
}


@pytest.mark.parametrize("definition", FILES)
def test_the_api_server_takes_it(definition: str, make_namespace: MakeNamespace) -> None:
    if not serves(definition):
        pytest.skip(f"the cluster has no {definition}")
    namespace = make_namespace().name
    for path in FILES[definition]:
        manifests: list[Manifest] = list(yaml.safe_load_all(path.read_text()))
        for manifest in manifests:
            manifest["metadata"]["namespace"] = namespace
        text = yaml.safe_dump_all(manifests)
        kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-", stdin=text)

"""What every example becomes is accepted by a real API server, whatever its fields."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.e2e.cluster import kubectl
from tests.e2e.making import MakeNamespace

GOLDEN: Final = sorted((Path(__file__).parents[1] / "golden").glob("*.direct.yaml"))


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.name.removesuffix(".direct.yaml"))
def test_the_api_server_takes_what_an_example_becomes(golden: Path, make_namespace: MakeNamespace) -> None:
    namespace = make_namespace()
    manifests: list[dict[str, Any]] = list(yaml.safe_load_all(golden.read_text()))
    moved = [{**manifest, "metadata": {**manifest["metadata"], "namespace": namespace.name}} for manifest in manifests]
    dry_run = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"]
    said = kubectl(*dry_run, stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": moved}))
    assert len(said.splitlines()) == len(manifests)

"""Every example's sidecar.json is one that the sidecar takes, and says all that its published schema has."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from zerotouch import documents, render
from zerotouch_sidecar.config.load import parse

AGENTS: Final = sorted(Path("examples/claims").glob("agenttype-*.yaml"))
SCHEMA: Final[dict[str, Any]] = json.loads(Path("sidecar-image/schema/sidecar.schema.json").read_text())


def written(example: Path) -> str:
    (claim,) = render.claims(documents.read([str(example)]))
    (config_map,) = (m for m in render.render(claim, mode="direct").manifests if m["kind"] == "ConfigMap")
    text: str = config_map["data"]["sidecar.json"]
    return text


@pytest.mark.parametrize("example", AGENTS, ids=lambda path: path.stem)
def test_an_example_is_configuration_that_the_sidecar_takes(example: Path) -> None:
    parse(written(example).encode())


def test_every_field_of_the_schema_is_written() -> None:
    """A field that the function leaves out would have the sidecar's default, which a user reads nowhere."""
    full = json.loads(written(Path("examples/claims/agenttype-full.yaml")))
    definitions = SCHEMA["$defs"]
    for name, node in (("Configuration", full), ("Agent", full["agent"]), ("Llm", full["llm"]), ("Provider", full["llm"]["providers"][0])):
        assert set(node) == set(definitions[name]["properties"]), name

"""Every example's sidecar.json is one that the sidecar takes, and says all that its published schema has."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from zerotouch import documents, render
from zerotouch_function.apis.agenttype.llm_protocols import PROTOCOLS
from zerotouch_sidecar.config.load import parse
from zerotouch_sidecar.http.limits import Timeouts
from zerotouch_sidecar.http.upstream import Upstream
from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.models.providers.base import Setup
from zerotouch_sidecar.models.providers.registry import make_provider, provider_types
from zerotouch_sidecar.models.service import Models

AGENTS: Final = sorted(Path("examples/claims").glob("agenttype-*.yaml"))
SCHEMA: Final[dict[str, Any]] = json.loads(Path("sidecar-image/schema/sidecar.schema.json").read_text())


def written(example: Path) -> str:
    (claim,) = render.claims(documents.read([str(example)]))
    (config_map,) = (m for m in render.render(claim, mode="direct").manifests if m["kind"] == "ConfigMap")
    text: str = config_map["data"]["sidecar.json"]
    return text


@pytest.mark.parametrize("example", AGENTS, ids=lambda path: path.stem)
def test_an_example_is_configuration_that_the_sidecar_takes(example: Path) -> None:
    configuration = json.loads(written(example))
    for provider in configuration["llm"]["providers"]:
        provider["caFile"] = ""  # it is in the cluster
    Models(parse(json.dumps(configuration).encode()), Registry(), token="", pod="p")


@pytest.mark.parametrize("example", AGENTS, ids=lambda path: path.stem)
def test_what_no_claim_asks_for_is_left_out(example: Path) -> None:
    """A pod's sidecar of an earlier release refuses fields that it does not know."""
    assert ": null" not in written(example)


def test_the_claim_knows_the_protocols_of_the_sidecars_own_providers() -> None:
    def spoken(kind: str) -> set[str]:
        setup = Setup("p", "http://p", {}, Timeouts(), str, Upstream)
        return {surface.value for surface in make_provider(kind, setup, "").surfaces}

    assert {kind: spoken(kind) for kind in provider_types()} == {kind: set(each) for kind, each in PROTOCOLS.items()}


RUNS_OWN: Final = {"speaks"}
"""What no claim says: `zerotouch run --mock-models` writes it."""


def test_every_field_of_the_schema_is_written() -> None:
    """A field that the function leaves out would have the sidecar's default, which a user reads nowhere."""
    full = json.loads(written(Path("examples/claims/agenttype-full.yaml")))
    definitions = SCHEMA["$defs"]
    for name, node in (("Configuration", full), ("Agent", full["agent"]), ("Llm", full["llm"]), ("Provider", full["llm"]["providers"][0])):
        assert set(node) == set(definitions[name]["properties"]) - RUNS_OWN, name

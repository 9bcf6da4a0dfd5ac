"""What holds for every field and rule of an API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tests.refused_claims import REFUSED_CLAIMS

DEFINITION: Final = yaml.safe_load(Path("apis/agentexecutors/definition.yaml").read_text())
SCHEMA: Final = DEFINITION["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def test_no_list_item_has_a_default() -> None:
    """Argo CD compares lists of custom resources as a whole, so a default inside one shows as a difference for ever."""
    assert [path for path, node, in_list in nodes(SCHEMA) if in_list and "default" in node] == []


def test_every_field_is_described_and_has_an_example() -> None:
    spec = SCHEMA["properties"]["spec"]
    for path, node, _ in nodes(spec, "spec"):
        assert node.get("description"), f"{path} has no description"
        assert "properties" in node or "example" in node or node["type"] == "array", f"{path} has no example"


def test_every_rule_has_a_row() -> None:
    rules = {rule["message"] for _, node, _ in nodes(SCHEMA) for rule in node.get("x-kubernetes-validations", [])}
    assert {case.message for case in REFUSED_CLAIMS if case.has_own_message} == rules


def nodes(node: dict[str, Any], path: str = "", in_list: bool = False) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every schema node with its path, and whether it lies inside a list's items."""
    yield path, node, in_list
    for key, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{key}", in_list)
    if "items" in node:
        yield from nodes(node["items"], f"{path}[]", True)
    if isinstance(node.get("additionalProperties"), dict):
        yield from nodes(node["additionalProperties"], f"{path}.*", in_list)

"""What holds for every field and rule of an API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.refused_agents import REFUSED_AGENTS
from tests.refused_claims import REFUSED_CLAIMS

SCHEMAS: Final = {
    definition["spec"]["claimNames"]["kind"]: definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for definition in (yaml.safe_load(path.read_text()) for path in sorted(Path("apis").glob("*/definition.yaml")))
}
EVERY_API: Final = pytest.mark.parametrize("kind", SCHEMAS)

TEXTS: Final = ("description", "example", "message")
"""What may differ between fields that two APIs share: how they are explained."""

SAME: Final = {
    "spec.env": "spec.agent.env",
    "spec.volumes": "spec.agent.volumes",
    "spec.command": "spec.agent.command",
    "spec.args": "spec.agent.args",
    **{
        f"spec.{name}": f"spec.{name}"
        for name in (
            "size", "resources", "imagePullSecrets", "security", "serviceAccountAnnotations", "podAnnotations", "podLabels", "placement",
            "terminationGracePeriodSeconds",
        )
    },
}  # fmt: skip
"""Fields of an AgentExecutor that an AgentType has too, with the same meaning."""

OWN_RULES: Final = (
    "spec.agent.env",
    "spec.agent.env[].valueFrom.resourceFieldRef.containerName",
    "spec.agent.volumes[].name",
    "spec.agent.volumes[].mountPath",
)
"""Where an AgentType has rules of its own: other names and paths belong to the platform, and its container has another name."""


@EVERY_API
def test_no_list_item_has_a_default(kind: str) -> None:
    """Argo CD compares lists of custom resources as a whole, so a default inside one shows as a difference for ever."""
    assert [path for path, node, in_list in nodes(SCHEMAS[kind]) if in_list and "default" in node] == []


@EVERY_API
def test_every_field_is_described_and_has_an_example(kind: str) -> None:
    spec = SCHEMAS[kind]["properties"]["spec"]
    for path, node, _ in nodes(spec, "spec"):
        assert node.get("description"), f"{path} has no description"
        assert "properties" in node or "example" in node or node["type"] == "array", f"{path} has no example"


@EVERY_API
def test_every_rule_has_a_row(kind: str) -> None:
    rules = {rule["message"] for _, node, _ in nodes(SCHEMAS[kind]) for rule in node.get("x-kubernetes-validations", [])}
    rows = [case for case in (*REFUSED_CLAIMS, *REFUSED_AGENTS) if case.kind == kind]
    assert {case.message for case in rows if case.has_own_message} == rules


@pytest.mark.parametrize(("executor", "agent"), SAME.items())
def test_a_field_of_both_apis_is_the_same_in_both(executor: str, agent: str) -> None:
    fields = [
        {
            path.removeprefix(root): bare(node, keeps_rules=path.replace(executor, agent, 1) not in OWN_RULES)
            for path, node, _ in nodes(SCHEMAS[kind]["properties"]["spec"], "spec")
            if path == root or path.startswith((f"{root}.", f"{root}["))
        }
        for kind, root in (("AgentExecutor", executor), ("AgentType", agent))
    ]
    assert fields[0] == fields[1]
    assert fields[0]


def bare(node: dict[str, Any], *, keeps_rules: bool) -> dict[str, Any]:
    """What the API server does with a field, less what lies below it."""
    kept = {key: value for key, value in node.items() if key not in (*TEXTS, "properties", "items", "x-kubernetes-validations")}
    if isinstance(kept.get("additionalProperties"), dict):
        kept["additionalProperties"] = {key: value for key, value in kept["additionalProperties"].items() if key not in TEXTS}
    rules = [rule["rule"] for rule in node.get("x-kubernetes-validations", [])]
    return {**kept, "rules": rules} if keeps_rules else kept


def nodes(node: dict[str, Any], path: str = "", in_list: bool = False) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every schema node with its path, and whether it lies inside a list's items."""
    yield path, node, in_list
    for key, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{key}", in_list)
    if "items" in node:
        yield from nodes(node["items"], f"{path}[]", True)
    if isinstance(node.get("additionalProperties"), dict):
        yield from nodes(node["additionalProperties"], f"{path}.*", in_list)

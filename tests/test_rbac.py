"""Whoever composes may do exactly what compositions need."""

from pathlib import Path
from typing import Any, Final

import yaml

from tests.composites import composite
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.registry import compose

RBAC: Final = Path("platform/04-apis/rbac")
MANAGE: Final = ["get", "list", "watch", "create", "update", "patch", "delete"]
"""Crossplane and provider-kubernetes apply, watch and delete what they compose."""

READ: Final = ["get", "list", "watch"]

SPECS: Final[list[Manifest]] = [{"migrations": {"mode": mode}} for mode in ("init", "job")]
"""Between them, every kind that an AgentExecutor can become."""


def granted(file: str) -> dict[tuple[str, str], list[str]]:
    """Verbs by API group and resource."""
    role = yaml.safe_load((RBAC / file).read_text())
    return {(group, resource): rule["verbs"] for rule in role["rules"] for group in rule["apiGroups"] for resource in rule["resources"]}


def resource_of(manifest: Any) -> tuple[str, str]:
    return manifest["apiVersion"].rpartition("/")[0], f"{manifest['kind'].lower()}s"


def composed(spec: Manifest) -> list[Manifest]:
    """Everything of a release: first its migrations, then, when they have succeeded, the rest."""
    first = compose(composite(spec), NOTHING, {}).resources
    ended = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    later = compose(composite(spec), Snapshot({key: {**r.manifest, **ended} for key, r in first.items()}), {}).resources
    return [resource.manifest for resource in (*first.values(), *later.values())]


def test_the_role_for_workloads_grants_what_is_composed_and_nothing_else() -> None:
    needed = {resource_of(manifest) for spec in SPECS for manifest in composed(spec)}
    assert granted("workloads/clusterrole.yaml") == dict.fromkeys(needed, MANAGE)


def test_the_role_for_diagnostics_grants_reading_what_is_required_and_nothing_else() -> None:
    required = compose(composite(), NOTHING, {"diagnostics": {"pods": True}}).requirements.values()
    needed = {(selector.api_version.rpartition("/")[0], f"{selector.kind.lower()}s") for selector in required}
    assert granted("diagnostics/clusterrole.yaml") == dict.fromkeys(needed, READ)

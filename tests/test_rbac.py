"""Whoever composes may do exactly what compositions need."""

from pathlib import Path
from typing import Any, Final

import yaml

from tests.composites import agent, composite
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.registry import compose

RBAC: Final = Path("platform/04-apis/rbac")
MANAGE: Final = ["get", "list", "watch", "create", "update", "patch", "delete"]
"""Crossplane and provider-kubernetes apply, watch and delete what they compose."""

READ: Final = ["get", "list", "watch"]

COMPOSITES: Final[list[Manifest]] = [
    *(composite({"migrations": {"mode": mode}}) for mode in ("init", "job")),
    agent(),
    agent({"scaling": {"maxReplicas": 3}, "network": {"policy": "restricted"}}),
]
"""Between them, every kind that a claim can become."""

CROSSPLANES_OWN: Final = "platform.bizmatters.io"
"""Crossplane has the rights to composites from its own RBAC manager, which makes a role for each definition."""


def granted(file: str) -> dict[tuple[str, str], list[str]]:
    """Verbs by API group and resource."""
    role = yaml.safe_load((RBAC / file).read_text())
    return {(group, resource): rule["verbs"] for rule in role["rules"] for group in rule["apiGroups"] for resource in rule["resources"]}


def resource_of(manifest: Any) -> tuple[str, str]:
    kind = manifest["kind"].lower()
    return manifest["apiVersion"].rpartition("/")[0], f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def composed(xr: Manifest) -> list[Manifest]:
    """Everything of a release: first its migrations, then, when they have succeeded, the rest."""
    first = compose(xr, NOTHING, {}).resources
    ended = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    later = compose(xr, Snapshot({key: {**r.manifest, **ended} for key, r in first.items()}), {}).resources
    return [resource.manifest for resource in (*first.values(), *later.values())]


def test_the_role_for_workloads_grants_what_is_composed_and_nothing_else() -> None:
    needed = {resource_of(manifest) for xr in COMPOSITES for manifest in composed(xr)}
    assert granted("workloads/clusterrole.yaml") == dict.fromkeys(needed, MANAGE)


def test_the_role_for_diagnostics_grants_reading_what_is_required_and_nothing_else() -> None:
    required = compose(composite(), NOTHING, {"diagnostics": {"pods": True}}).requirements.values()
    needed = {(selector.api_version.rpartition("/")[0], f"{selector.kind.lower()}s") for selector in required}
    needed = {(group, resource) for group, resource in needed if group != CROSSPLANES_OWN}
    assert granted("diagnostics/clusterrole.yaml") == dict.fromkeys(needed, READ)

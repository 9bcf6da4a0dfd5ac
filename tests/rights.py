"""The rights that a kustomization gives, and to whom."""

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Final

from tests.bootstrap.manifests import kustomize, named
from zerotouch_function.manifest import Manifest

Rights = dict[tuple[str, str], set[str]]
"""Verbs by API group and resource."""

RULE: Final = {"apiGroups", "resources", "verbs"}
"""Parts of a rule that are read here. Another one would say something else than the verbs."""

AGGREGATES: Final = "/aggregate-to-"
"""What labels have in common that add a role to another one, when they are "true"."""

CROSSPLANE: Final = f"rbac.crossplane.io{AGGREGATES}crossplane"
"""The label by which Crossplane's rbac-manager adds a role to Crossplane's own."""

NOBODY: Final = "nobody"

rendered: Final = cache(kustomize)


def granted(folder: Path) -> dict[str, Rights]:
    """All rights in the rendered folder, by who has them: the aggregation's label or the binding's subject, or nobody yet."""
    roles = {(m["kind"], m["metadata"]["name"]): m for m in rendered(folder) if m["kind"] in ("ClusterRole", "Role")}
    bindings = [m for m in rendered(folder) if m["kind"] in ("ClusterRoleBinding", "RoleBinding")]
    bound = {(b["roleRef"]["kind"], b["roleRef"]["name"]) for b in bindings}
    assert bound <= roles.keys(), f"{bound - roles.keys()}: nothing here says what these roles grant; bind roles of this folder"
    found: dict[str, Rights] = {}
    for role in roles.values():
        for holder in holders(role, bindings):
            add(found.setdefault(holder, defaultdict(set)), role)
    return found


def holders(role: Manifest, bindings: list[Manifest]) -> list[str]:
    """Who has the role, by its labels and by bindings."""
    labels = role["metadata"].get("labels", {}).items()
    reference = role["kind"], role["metadata"]["name"]
    subjects = [s for b in bindings if (b["roleRef"]["kind"], b["roleRef"]["name"]) == reference for s in b["subjects"]]
    return [*(label for label, value in labels if AGGREGATES in label and value == "true"), *map(title, subjects)] or [NOBODY]


def add(rights: Rights, role: Manifest) -> None:
    """Adds the role's rules. Kubernetes, too, joins the verbs of rules for one resource."""
    name = role["metadata"]["name"]
    assert "aggregationRule" not in role, f"{name}: other roles fill it, which are not read here; write rules"
    for rule in role["rules"]:
        assert rule.keys() == RULE, f"{name}: a rule has {sorted(rule)}; write {sorted(RULE)}"
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                rights[group, resource] |= set(rule["verbs"])


def title(subject: Manifest) -> str:
    return " ".join(filter(None, (subject["kind"], subject.get("namespace"), subject["name"])))


def provider(folder: Path) -> str:
    """The provider's ServiceAccount, as a binding's subject."""
    config = named(rendered(folder), "Provider")["spec"]["runtimeConfigRef"]["name"]
    account = named(rendered(folder), "DeploymentRuntimeConfig", config)["spec"]["serviceAccountTemplate"]["metadata"]["name"]
    return f"ServiceAccount crossplane-system {account}"

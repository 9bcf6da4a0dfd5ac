"""The platform's repository as a fork of this checkout, and what it brings up on the cluster."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import Final

from tests.e2e.cluster import Manifest, get, kubectl
from tests.e2e.gitops.argocd import APPLICATION, APPLICATION_SET, NAMESPACE, PROJECT, REFRESH_SET, Application, annotate
from tests.e2e.gitops.guide import ROOT
from tests.e2e.gitops.repository import Repository

COPIED: Final = ("apis", "bootstrap", "platform")
"""Folders that Argo CD reads."""

UPSTREAM: Final = "https://github.com/bizmatters/zerotouch-platform.git"
ENVIRONMENT: Final = "test"
RELEASED: Final = re.compile(r"ghcr\.io/bizmatters/(function-agents|agent-sidecar|agent-wrapper):\S+")
"""What is built from this repository, as its manifests name it."""

UNINSTALL_SECONDS: Final = 300

ROOT_APPLICATION: Final = Application("root")
LAYERS: Final = (Application("apis"), Application("guardrails"))
TENANTS: Final = "tenants"
"""The ApplicationSet, and its project."""

TEAMS: Final = ("deepagents", "batch")
"""The teams of these tests, by the names of their files."""


def fork(repository: Repository, registry: str, version: str) -> None:
    """Fills the repository with this checkout, edits what docs/operations.md says to edit, and takes what was built as that version."""
    for top in COPIED:
        shutil.copytree(ROOT / top, repository.folder / top)
    repository.edit("bootstrap/root.yaml", UPSTREAM, repository.url)
    repository.edit("bootstrap/root.yaml", "bootstrap/environments/prod", f"bootstrap/environments/{ENVIRONMENT}")
    repository.edit(f"bootstrap/environments/{ENVIRONMENT}/settings.yaml", UPSTREAM, repository.url)
    for top in ("apis", "platform"):
        for path in (repository.folder / top).rglob("*.yaml"):
            path.write_text(RELEASED.sub(rf"{registry}/\1:{version}", path.read_text()))
    repository.commit("Fork the platform")


@dataclass(slots=True)
class Platform:
    """The bootstrapped platform."""

    repository: Repository
    began: dict[str, Manifest] = field(default_factory=dict)
    """Objects as they were when everything was healthy for the first time, by kind and name."""

    def apply_root(self) -> str:
        """The one command of the installation."""
        return kubectl("apply", "-f", str(self.repository.folder / "bootstrap/root.yaml"))

    def wait_healthy(self, commit: str = "") -> None:
        """Waits until the root and every layer are synced to the commit and healthy."""
        for application in (ROOT_APPLICATION, *LAYERS):
            application.wait_synced(commit)
        ROOT_APPLICATION.wait_for("has made the ApplicationSet", lambda: get(APPLICATION_SET, TENANTS, NAMESPACE))

    def objects(self) -> dict[str, Manifest]:
        """Everything that the root and the layers made, by kind and name."""
        found: dict[str, Manifest] = {}
        for application in (ROOT_APPLICATION, *LAYERS):
            for resource in application.resources():
                live = get(full_kind(resource), resource["name"], resource.get("namespace", ""))
                found[f"{resource['kind']}/{resource['name']}"] = live or {}
        return found

    def refresh_tenants(self) -> None:
        """Makes Argo CD look for teams' files now."""
        annotate(APPLICATION_SET, TENANTS, REFRESH_SET, "true")


def full_kind(resource: Manifest) -> str:
    """The kind of an entry in an Application's list, as kubectl takes it without doubt."""
    return ".".join(filter(None, (resource["kind"], resource.get("version") if resource.get("group") else "", resource.get("group"))))


def clean() -> None:
    """Takes away whatever a run left, in an order in which everything can still end. What is not of these tests stays."""
    kubectl("-n", NAMESPACE, "delete", APPLICATION_SET, TENANTS, "--ignore-not-found", "--wait=false")
    ours = [ROOT_APPLICATION.name, *(layer.name for layer in LAYERS), *TEAMS, *(f"tenant-{team}" for team in TEAMS)]
    for name in (name for name in ours if get(APPLICATION, name, NAMESPACE)):
        kubectl("-n", NAMESPACE, "patch", APPLICATION, name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        kubectl("-n", NAMESPACE, "delete", APPLICATION, name, "--ignore-not-found", "--wait=false")
    subprocess.run([ROOT / "hack/uninstall.sh"], env={**os.environ, "FORCE": "1"}, check=True, timeout=UNINSTALL_SECONDS)
    kubectl("delete", "-k", str(ROOT / "platform/05-guardrails"), "--ignore-not-found")
    kubectl("delete", "namespace", "-l", f"platform.bizmatters.io/team in ({','.join(TEAMS)})", "--ignore-not-found", "--wait=false")
    kubectl("-n", NAMESPACE, "delete", PROJECT, "bootstrap", "platform", TENANTS, *TEAMS, "--ignore-not-found")

"""Argo CD's own command line, which needs no cluster, judges as tests/bootstrap/test_health.py wants. ARGOCD names it.

Every case runs there, in the same Lua; each start of the command takes a second, so here runs one for every answer that a check can give.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.bootstrap.manifests import BOOTSTRAP, Manifest, kustomize
from tests.bootstrap.test_health import APPLICATIONS, CLAIMS, DEFINITIONS, PACKAGES, Case

KINDS: Final = {
    "platform.bizmatters.io/v1alpha1 AgentExecutor": CLAIMS,
    "platform.bizmatters.io/v1alpha1 XAgentType": CLAIMS,
    "argoproj.io/v1alpha1 Application": APPLICATIONS,
    "pkg.crossplane.io/v1 Function": PACKAGES,
    "apiextensions.crossplane.io/v1 CompositeResourceDefinition": DEFINITIONS,
}
PROGRAM_SECONDS: Final = 120


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ConfigMap argocd-cm as the bootstrap makes it."""
    if not shutil.which(os.environ.get("ARGOCD", "argocd")):
        pytest.skip("argocd is not on PATH: set ARGOCD")
    path = tmp_path_factory.mktemp("argocd") / "argocd-cm.yaml"
    path.write_text(yaml.safe_dump_all(kustomize(BOOTSTRAP / "argocd")))
    return path


def is_deleted(case: Case) -> bool:
    return "deletionTimestamp" in case.manifest.get("metadata", {})


def one_of_each(cases: list[Case]) -> list[Case]:
    """The first case of each answer. Argo CD has one of its own for what is being deleted."""
    return list({(case.want[0], is_deleted(case)): case for case in reversed(cases)}.values())


def argocd(*arguments: object) -> str:
    command = [os.environ.get("ARGOCD", "argocd"), "admin", "settings", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_argo_cd_finds_nothing_wrong_with_the_settings(settings: Path) -> None:
    said = argocd("validate", "--argocd-cm-path", settings)
    assert "❌" not in said, said
    assert "resource overrides" in said


@pytest.mark.parametrize(
    ("kind", "case"), [pytest.param(k, c, id=f"{k.split()[1]}: {c.reason}") for k, cases in KINDS.items() for c in one_of_each(cases)]
)
def test_argo_cd_judges_an_object_as_we_want(kind: str, case: Case, settings: Path, tmp_path: Path) -> None:
    api_version, name = kind.split()
    metadata: Manifest = {"name": "x", **case.manifest.get("metadata", {})}
    manifest: dict[str, Any] = {"apiVersion": api_version, "kind": name, **case.manifest, "metadata": metadata}
    (tmp_path / "object.yaml").write_text(yaml.safe_dump(manifest))
    said = argocd("resource-overrides", "health", tmp_path / "object.yaml", "--argocd-cm-path", settings)
    status, _, message = said.strip().partition("\n")
    want = "Pending deletion" if is_deleted(case) else case.want[1]
    assert (status, message.removeprefix("MESSAGE:").strip()) == (f"STATUS: {case.want[0]}", want)

"""The bootstrap's manifests as the tests read them: files, kustomize's output, the tenant chart's output."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

Manifest = dict[str, Any]

ROOT: Final = Path(__file__).parents[2]
BOOTSTRAP: Final = ROOT / "bootstrap"
ENVIRONMENTS: Final = sorted(path.name for path in (BOOTSTRAP / "environments").iterdir())
WAVE: Final = "argocd.argoproj.io/sync-wave"


def documents(path: Path) -> list[Manifest]:
    """Every object in a YAML file."""
    return [manifest for manifest in yaml.safe_load_all(path.read_text()) if manifest]


def document(path: Path) -> Manifest:
    """The first or only object in a YAML file."""
    return documents(path)[0]


def kustomize(folder: Path) -> list[Manifest]:
    """What `kubectl kustomize` makes of the folder; the test is skipped without kubectl."""
    return list(yaml.safe_load_all(_run("KUBECTL", "kubectl", "kustomize", str(folder))))


def tenant(values: Manifest, *, team: str = "deepagents") -> list[Manifest]:
    """What the platform makes of a team's file, as its ApplicationSet calls the chart; the test is skipped without helm."""
    parameters = f"team={team},environment=prod,awsRegion=eu-central-1"
    text = _run(
        "HELM", "helm", "template", team, str(ROOT / "platform/06-tenants"), "--values=-", f"--set-string={parameters}",
        stdin=yaml.safe_dump(values),
    )  # fmt: skip
    return [manifest for manifest in yaml.safe_load_all(text) if manifest]


def named(manifests: list[Manifest], kind: str, name: str = "") -> Manifest:
    """The only object of that kind, or the one of that name."""
    (found,) = [m for m in manifests if m["kind"] == kind and name in ("", m["metadata"]["name"])]
    return found


def wave(manifest: Manifest) -> int:
    return int(manifest["metadata"].get("annotations", {}).get(WAVE, "0"))


def _run(variable: str, default: str, *arguments: str, stdin: str = "") -> str:
    program = os.environ.get(variable, default)
    if not shutil.which(program):
        pytest.skip(f"{program} is not on PATH: set {variable}")
    done = subprocess.run([program, *arguments], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout

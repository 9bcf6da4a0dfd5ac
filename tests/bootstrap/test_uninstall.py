"""The guide's commands to uninstall leave no layer behind; tests/e2e/gitops runs them on a cluster."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from tests.bootstrap.manifests import ROOT, document
from tests.e2e.gitops.guide import commands

LINES: Final = commands("## Uninstall")
FUNCTION_GOES: Final = LINES.index("make uninstall")
LAYERS: Final = [document(path) for path in sorted((ROOT / "platform").glob("0*.yaml"))]

WITHOUT_OPERATOR: Final = """#!/bin/sh
echo "$*" >>"$CALLS"
case $* in
*--ignore-not-found) exit 0 ;;
*) exit 1 ;;
esac
"""
"""A kubectl of a cluster that has neither the layer nor the CRDs of its objects."""


def place(pattern: str) -> int:
    """Which of the commands it is."""
    (found,) = [number for number, line in enumerate(LINES) if re.search(pattern, line)]
    return found


def test_every_layers_application_is_deleted() -> None:
    assert len(LAYERS) == 4
    for layer in LAYERS:
        assert place(rf"delete {layer['kind'].lower()} .*\b{layer['metadata']['name']}\b") > place(r"delete application root$")


def test_what_a_layer_made_is_deleted_after_its_application() -> None:
    paths = {layer["metadata"]["name"]: layer["spec"]["source"]["path"] for layer in LAYERS if layer["kind"] == "Application"}
    assert paths.pop("apis") == "platform/04-apis", "make uninstall takes it away"
    for name, path in paths.items():
        assert place(rf"kubectl delete -k {path}\b") > place(rf"delete application .*\b{name}\b")


def test_alerts_go_before_the_function_that_they_would_miss() -> None:
    assert place("delete -k platform/07-observability") < FUNCTION_GOES


def test_the_commands_go_on_where_observability_was_never_on(tmp_path: Path) -> None:
    kubectl, calls = tmp_path / "kubectl", tmp_path / "calls"
    kubectl.write_text(WITHOUT_OPERATOR)
    kubectl.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls)}
    for line in (line for line in LINES if "observability" in line):
        subprocess.run(["bash", "-euc", line], env=environment, check=True)
    assert calls.read_text().splitlines() == [
        "-n argocd delete application observability --ignore-not-found",
        "get crd podmonitors.monitoring.coreos.com",
    ]

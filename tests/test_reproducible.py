"""hack/reproducible.sh finds whatever of a build's surroundings gets into what it builds."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.checkouts import CROSSPLANE, SAVE, make_checkout

BUILD: Final = """#!/bin/sh
mkdir -p "$STORE/$1"
cp -r "$2/." "$STORE/$1"
eval "$LEAK" >"$STORE/$1/leak"
"""
"""Keeps the folder as the image, and what LEAK prints in it."""

KUBECTL: Final = """#!/bin/sh
cat "$2/crossplane.yaml" apis/agenttypes/composition.yaml
"""
PROGRAMS: Final = {"build": BUILD, "save": SAVE, "crossplane": CROSSPLANE, "kubectl": KUBECTL}


def reproducible(folder: Path, leak: str) -> subprocess.CompletedProcess[str]:
    """Runs it on a checkout of another day, with a builder that lets this into the image."""
    checkout, programs, temporary = folder / "checkout", folder / "programs", folder / "temporary"
    make_checkout(checkout)
    for made in (programs, temporary):
        made.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    subprocess.run(["git", "init", "--quiet"], cwd=checkout, check=True)
    os.utime(checkout / "versions.env", (0, 0))
    environment = {
        **os.environ,
        "PATH": f"{programs}:{checkout / '.venv/bin'}:{os.environ['PATH']}",
        "IMAGE_BUILD": 'build "$@"',
        "IMAGE_SAVE": 'save "$@"',
        "KUBECTL": "kubectl",
        "CROSSPLANE": "crossplane",
        "LEAK": leak,
        "SOURCE_DATE_EPOCH": "1735689600",
        "STORE": str(folder / "store"),
        "TMPDIR": str(temporary),
        "VERSION": "v1.2.3",
        "WRAPPER_PYTHONS": f"3.{sys.version_info.minor}",
    }
    return subprocess.run([str(checkout / "hack/reproducible.sh")], env=environment, capture_output=True, text=True, check=False)


def test_two_builds_that_know_nothing_of_their_surroundings_are_the_same(tmp_path: Path) -> None:
    done = reproducible(tmp_path, leak="true")
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("==> two builds gave the same bytes\n")
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        "./agent-sidecar-image.tar",
        "./agent-wrapper-image.tar",
        "./function-agents-image.tar",
        "./agent-sidecar.cdx.json",
        "./function-agents.cdx.json",
        "./configuration-agents-crossplane-v1.xpkg",
        "./configuration-agents.xpkg",
        "./function-agents.xpkg",
    ]


@pytest.mark.parametrize("leak", ["pwd", "umask", "stat --format=%Y versions.env", "stat --format=%a versions.env"])
def test_a_build_that_knows_of_its_surroundings_is_found(leak: str, tmp_path: Path) -> None:
    done = reproducible(tmp_path, leak)
    assert done.returncode == 1
    assert "Error: two builds of the same sources differ" in done.stderr

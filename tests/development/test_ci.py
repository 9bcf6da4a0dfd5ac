""".ci/run gives the tests the programs that they ask for: here with a bench, a make and a Go that only say how they were called."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PROGRAMS: Final = {
    "HELM": "helm",
    "KUBECTL": "kubectl",
    "CROSSPLANE": "crossplane",
    "CROSSPLANE_CORE": "crossplane-core",
    "CROSSPLANE_V1": "crossplane-v1",
    "PATCH_AND_TRANSFORM": "function-patch-and-transform",
}
"""What tests skip without, by the variable that names it."""

BENCH: Final = """#!/bin/sh
[ "$1" = program ] || exit 0
[ "$2" != "$MISSING" ] && echo "/programs/$2"
"""
FAKES: Final = {
    "id": "echo 0",
    "go": "true",
    "apt-get": "false",
    "make": 'env >environment; echo "make $*" >>calls',
    "kubectl": 'echo "kubectl $*" >>calls',
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with .ci/run and nothing else, beside a bench."""
    script = tmp_path / "checkout/.ci/run"
    bench = tmp_path / "shared/bench/bench"
    for path in (script, bench):
        path.parent.mkdir(parents=True)
    shutil.copy(ROOT / ".ci/run", script)
    bench.write_text(BENCH)
    (tmp_path / "bin").mkdir()
    fakes = {tmp_path / "bin" / name: f"#!/bin/sh\n{line}\n" for name, line in FAKES.items()}
    for path, text in fakes.items():
        path.write_text(text)
    for path in (bench, *fakes):
        path.chmod(0o755)
    return script.parents[1]


def run(checkout: Path, *sections: str, missing: str = "") -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in PROGRAMS}
    environment = {**inherited, "PATH": f"{checkout.parent / 'bin'}:{os.environ['PATH']}", "HOME": str(checkout), "MISSING": missing}
    return subprocess.run([".ci/run", *sections], cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def test_the_tests_get_every_program(checkout: Path) -> None:
    done = run(checkout, "test")
    assert done.returncode == 0, done.stdout + done.stderr
    given = dict(line.split("=", 1) for line in (checkout / "environment").read_text().splitlines() if "=" in line)
    assert {name: Path(given[name]).name for name in PROGRAMS} == PROGRAMS


@pytest.mark.parametrize("program", ["helm", "crossplane-v1", "function-patch-and-transform"])
def test_a_program_that_cannot_be_built_fails_the_run(checkout: Path, program: str) -> None:
    done = run(checkout, "test", missing=program)
    assert done.returncode == 1
    assert "FAILED" in done.stdout


def test_only_the_tests_wait_for_the_peer(checkout: Path) -> None:
    done = run(checkout, "gitops", missing="function-patch-and-transform")
    assert re.search(r"^passed .*helm, kubectl and the peer$", done.stdout, re.MULTILINE), done.stdout


def test_the_benchs_provider_makes_way_for_the_platforms(checkout: Path) -> None:
    done = run(checkout, "v1")
    assert done.returncode == 0, done.stdout + done.stderr
    first, second, *_ = (checkout / "calls").read_text().splitlines()
    assert first.startswith("kubectl delete provider.pkg.crossplane.io/provider-kubernetes ")
    assert second == "make install OVERLAY=crossplane-v1"


def test_a_cluster_without_the_provider_is_taken_as_it_is(checkout: Path) -> None:
    done = run(checkout, "v2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kubectl" not in (checkout / "calls").read_text()


def test_a_section_that_does_not_exist_is_no_success(checkout: Path) -> None:
    done = run(checkout, "check", "tests")
    assert done.returncode == 2
    assert done.stderr == "Error: tests is no section; name some of check, test, v2, v1, gitops, operations, scale\n"
    assert not (checkout / "calls").exists()

"""hack/version.py: builds that differ have different tags, for a node does not pull again what it has under a name; a release has one."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PYPROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())
VERSION: Final = PYPROJECT["project"]["version"]
STATED: Final = (
    *runpy.run_path(str(ROOT / "hack/version.py"))["RELEASED"],
    *(f"{member}/pyproject.toml" for member in PYPROJECT["tool"]["uv"]["workspace"]["members"]),
    "uv.lock",
)
"""Where the version stands beside pyproject.toml."""

BUILDS: Final = ("PLATFORM=linux/amd64", "PLATFORM=linux/arm64", "PYTHON_IMAGE=python:3.13-slim@sha256:0")


def make_version(*settings: str) -> str:
    """The version that `make install` builds, with these settings on its command line."""
    environment = {name: value for name, value in os.environ.items() if name not in ("VERSION", "PLATFORM", "PYTHON_IMAGE")}
    command = ["make", "--dry-run", "--print-data-base", "install", *settings]
    told = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    (version,) = re.findall(r"^VERSION := (\S+)$", told, re.MULTILINE)
    return str(version)


def test_builds_that_differ_have_different_tags() -> None:
    versions = [make_version(), *map(make_version, BUILDS)]
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+-dev\.g[0-9a-f]{12}", version) for version in versions)
    assert len({*versions}) == len(versions)


@pytest.mark.parametrize("setting", BUILDS)
def test_the_same_build_has_the_same_tag_however_it_is_asked_for(setting: str) -> None:
    name, _, value = setting.partition("=")
    environment = {**os.environ, "PLATFORM": "", "PYTHON_IMAGE": "", name: value}
    printed = subprocess.run(["python3", "hack/version.py"], cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    assert printed == f"{make_version(setting)}\n"


def test_the_python_of_the_environment_tells_the_version_and_not_an_older_one_of_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    want = make_version()
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("VERSION", raising=False)
    assert make_version() == want
    told = subprocess.run(
        ["bash", "-c", '. hack/settings.sh; echo "$VERSION"'], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert told == f"{want}\n"


def checked(folder: Path, stale: str) -> subprocess.CompletedProcess[str]:
    """`version.py --check` of a checkout in which that file names an earlier release."""
    for path in ("hack/version.py", "pyproject.toml", *STATED):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    file = folder / stale
    file.write_text(re.sub(rf'(\bv|version = "){re.escape(VERSION)}\b', r"\g<1>0.0.1", file.read_text()))
    return subprocess.run([sys.executable, "hack/version.py", "--check"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", STATED)
def test_a_file_that_names_another_release_is_found(path: str, tmp_path: Path) -> None:
    done = checked(tmp_path, path)
    assert done.returncode == 1
    assert done.stderr == f"Error: {path}: does not name v{VERSION}, the version in pyproject.toml\n"

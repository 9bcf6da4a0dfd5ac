"""Which Pythons and Nodes this machine has, with the packages of other people's programs."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.wrapper.agent import ROOT

FOLDER: Final = ROOT / "build" / "conformance"
PACKAGES: Final = ("aiohttp", "fastapi", "flask", "gunicorn", "httpx", "hypercorn", "requests", "uvicorn")
NEWER: Final = ("httpx2",)
"""Packages that not every Python can have."""

OLDEST: Final = (3, 8)
NODES: Final = ("node@22", "node@24", "node@26")
"""What npm brings beside the Node on PATH: a newer one carries contexts in another way."""


@dataclass(frozen=True)
class Python:
    """An interpreter.

    Attributes:
        path: Of the interpreter itself.
        version: All of it.
        label: The column's name.
    """

    path: str
    version: tuple[int, int, int]
    label: str

    @property
    def folder(self) -> Path:
        return FOLDER / self.label.replace(" ", "-")

    @property
    def in_environment(self) -> str:
        return str(self.folder / "bin" / "python")


def pythons() -> list[Python]:
    """One of each version: pyenv's, those on PATH, and the system's own."""
    homes = [*Path.home().glob(".pyenv/versions/*/bin"), *map(Path, os.environ["PATH"].split(":"))]
    found: dict[tuple[int, ...], Python] = {}
    for path in (str(path) for home in homes for path in sorted(home.glob("python3*")) if re.fullmatch(r"python3(\.\d+)?", path.name)):
        if "shims" in path or ".venv" in path:
            continue
        asked = subprocess.run(
            [path, "-c", "import sys; print(*sys.version_info[:3])"], capture_output=True, text=True, check=False
        ).stdout.split()
        version = tuple(map(int, asked))
        if len(version) == 3 and version[:2] >= OLDEST and version not in found:
            found[version] = Python(path, (version[0], version[1], version[2]), ".".join(asked))
    return [found[version] for version in sorted(found)]


def install(python: Python) -> set[str]:
    """Makes the virtual environment, and says which packages are in it. One that was made before is kept as it is."""
    listing = python.folder / "packages.json"
    if listing.exists():
        return set(json.loads(listing.read_text()))
    if not Path(python.in_environment).exists():
        made = subprocess.run([python.path, "-m", "venv", str(python.folder)], capture_output=True, check=False)
        if made.returncode != 0:
            shutil.rmtree(python.folder, ignore_errors=True)
            return set()
    pip = [python.in_environment, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", *PACKAGES], check=True)
    for name in NEWER:
        subprocess.run([*pip, "install", "--quiet", name], capture_output=True, check=False)
    listed = json.loads(subprocess.run([*pip, "list", "--format=json"], capture_output=True, check=True).stdout)
    names = sorted({package["name"].lower() for package in listed})
    listing.write_text(json.dumps(names))
    return set(names)


@dataclass(frozen=True)
class Node:
    """The same of Node."""

    path: str
    version: tuple[int, int, int]
    label: str


def nodes() -> list[Node]:
    """The one on PATH, and npm's; none where there is no Node at all."""
    own = shutil.which("node")
    paths = [own, *(str(npm(spec) / ".bin" / "node") for spec in NODES)] if own else []
    found: dict[tuple[int, int, int], Node] = {}
    for path in paths:
        label = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.strip().lstrip("v")
        major, minor, patch = map(int, label.split("."))
        found.setdefault((major, minor, patch), Node(path, (major, minor, patch), label))
    return [found[version] for version in sorted(found)]


def npm(spec: str) -> Path:
    """The folder of modules that has this package in it."""
    folder = FOLDER / spec.replace("@", "-")
    modules = folder / "node_modules"
    if not modules.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-save", "--prefix", str(folder), spec], check=True)
    return modules

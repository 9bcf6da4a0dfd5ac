"""Builds images with the commands that the environment gives, and hands them to the cluster."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.e2e.settings import Settings

WORKLOAD: Final = Path(__file__).parents[1] / "workload"
NATS_BOX: Final = Path(__file__).parent / "images" / "nats-box"
NATS_CHART: Final = Path(__file__).parent / "images" / "nats-chart"
NATS_PROGRAMS: Final = {"nats": "nats-server"}
"""Programs whose image has another name."""

STREAM_JOB: Final = Path(__file__).parents[2] / "examples/streams/create-stream-job.yaml"
HASH_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class Workload:
    """Tags of the test workload's two versions."""

    v1: str
    v2: str


def build(settings: Settings, name: str, folder: Path, *flags: str) -> str:
    """Builds our image and returns its tag, which changes with the content: nodes keep what they pulled."""
    tag = f"{settings.registry}/{name}:{content_hash(folder, *flags, *_platform(settings))}"
    build_as(settings, tag, folder, *flags)
    return tag


def build_as(settings: Settings, tag: str, folder: Path, *flags: str) -> None:
    """Builds an image under exactly that name."""
    _shell(settings.image_build, tag, str(folder), *flags, *_platform(settings))
    _shell(settings.image_load, tag)


def _platform(settings: Settings) -> list[str]:
    """The builder's flag for what the nodes are."""
    return [f"--platform={settings.platform}"] if settings.platform else []


def build_nats_box(settings: Settings, folder: Path) -> None:
    """Builds the image of the Job that makes a stream, under its public name, in that empty folder."""
    build_programs(NATS_BOX, folder)
    job = yaml.safe_load(STREAM_JOB.read_text())
    build_as(settings, job["spec"]["template"]["spec"]["containers"][0]["image"], folder)


def build_nats_chart(settings: Settings, folder: Path, tags: Iterable[str]) -> None:
    """Builds the images of the official NATS chart, under these public names, in that empty folder."""
    build_programs(NATS_CHART, folder)
    for tag in tags:
        name = tag.rpartition("/")[2].partition(":")[0]
        build_as(settings, tag, folder, "--build-arg", f"PROGRAM={NATS_PROGRAMS.get(name, name)}")


def build_programs(source: Path, folder: Path) -> None:
    """Copies that folder to the empty one, and builds the tools of its go.mod there."""
    if not shutil.which("go"):
        pytest.skip("the images cannot be pulled, and building them needs go on PATH")
    shutil.copytree(source, folder, dirs_exist_ok=True)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(folder)}
    subprocess.run(["go", "install", "-mod=mod", "tool"], cwd=folder, env=environment, check=True)


def content_hash(folder: Path, *flags: str) -> str:
    digest = hashlib.sha256(repr(flags).encode())
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        digest.update(f"{file.relative_to(folder)} {file.stat().st_mode & 0o777}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:HASH_LENGTH]


def _shell(command: str, *arguments: str) -> None:
    done = subprocess.run(["sh", "-c", command, "sh", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`{command}` with {' '.join(arguments)} exited {done.returncode}:\n{done.stdout}")

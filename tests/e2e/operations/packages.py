"""Packages of this working tree and of an earlier commit, under names of the tests' own: a shared cluster's platform is never touched."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.e2e.cluster import Manifest
from tests.e2e.settings import Settings

ROOT: Final = Path(__file__).parents[3]
IMAGE: Final = "build/function-agents-image.tar"
METADATA: Final = "functions/function-agents/package"
EARLIER_TAG: Final = "earlier"
BUILD_SECONDS: Final = 300


def function_package(settings: Settings, name: str, version: str, sources: Path = ROOT) -> str:
    """Builds and pushes the function that `make package` made as another package; returns its reference.

    The image inside is the same. A version more in the metadata makes it another package for Crossplane: another revision, other pods.
    """
    image = sources / IMAGE
    if not image.exists():
        raise RuntimeError(f"{image}: does not exist; run `make package`, which `make install` does")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "package"
        shutil.copytree(sources / METADATA, root)
        metadata = yaml.safe_load((root / "crossplane.yaml").read_text())
        metadata["metadata"]["annotations"]["meta.crossplane.io/description"] = f"End-to-end tests, version {version}"
        (root / "crossplane.yaml").write_text(yaml.safe_dump(metadata))
        return _push(settings, root, f"{settings.registry}/{name}:{version}", f"--embed-runtime-image-tarball={image}")


def earlier_package(settings: Settings, name: str, version: str) -> str:
    """The same for the earlier commit's function, built from its files by its scripts; skips where they are not here, or do not build."""
    if _git("cat-file", "-e", f"{settings.earlier}^{{commit}}").returncode:
        pytest.skip(f"E2E_EARLIER: no commit {settings.earlier} in this clone; fetch its history, or name another commit")
    if not _git("diff", "--quiet", settings.earlier, "--", "functions").returncode:
        pytest.skip(f"E2E_EARLIER: {settings.earlier} has the function of the working tree; name a commit with another one")
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder)
        try:
            _build_earlier(settings, sources)
        except RuntimeError as error:
            pytest.skip(f"E2E_EARLIER: {settings.earlier} cannot be built here: {error}")
        return function_package(settings, name, version, sources)


def _build_earlier(settings: Settings, sources: Path) -> None:
    """Puts the earlier commit's files into that empty folder, and the function's image where `make package` would."""
    archive = sources / "sources.tar"
    if (done := _git("archive", f"--output={archive}", settings.earlier)).returncode:
        raise RuntimeError(done.stdout)
    with tarfile.open(archive) as files:
        files.extractall(sources, filter="data")
    (sources / ".venv").symlink_to(sys.prefix)
    (sources / IMAGE).parent.mkdir()
    tag = f"{settings.registry}/function-agents:{EARLIER_TAG}"
    # The scripts build every image, and only the function's is asked for.
    build = f'case "$1" in {tag}) {settings.image_build} ;; esac'
    _run("hack/images.sh", folder=sources, REGISTRY=settings.registry, VERSION=EARLIER_TAG, IMAGE_BUILD=build)
    _run("sh", "-c", settings.image_save, "sh", tag, str(sources / IMAGE))


def configuration_package(settings: Settings, name: str, version: str, *manifests: Manifest) -> str:
    """Builds and pushes a Configuration with these manifests inside; returns its reference."""
    metadata = {"apiVersion": "meta.pkg.crossplane.io/v1", "kind": "Configuration", "metadata": {"name": name}}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "crossplane.yaml").write_text(yaml.safe_dump({**metadata, "spec": {}}))
        for number, manifest in enumerate(manifests):
            (Path(folder) / f"{number}.yaml").write_text(yaml.safe_dump(manifest))
        return _push(settings, Path(folder), f"{settings.registry}/{name}:{version}")


def _push(settings: Settings, root: Path, reference: str, *flags: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/package.xpkg"
        build = [settings.crossplane, "xpkg", "build", f"--package-root={root}", f"--examples-root={folder}", f"--package-file={file}"]
        _run(*build, *flags)
        _run("sh", "-c", settings.xpkg_push, "sh", file, reference)
    return reference


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return _done("git", "-C", str(ROOT), *arguments)


def _run(*command: str, folder: Path | None = None, **variables: str) -> None:
    """Runs a command, in that folder and with these variables beside the environment's; one that fails is an error with what it said."""
    done = _done(*command, folder=folder, variables=variables)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} exited {done.returncode}:\n{done.stdout}")


def _done(*command: str, folder: Path | None = None, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **(variables or {})}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )

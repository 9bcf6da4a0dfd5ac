"""Packages of this working tree under names of the tests' own, so that a shared cluster's platform is never touched."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import yaml

from tests.e2e.cluster import Manifest
from tests.e2e.settings import Settings

ROOT: Final = Path(__file__).parents[3]
IMAGE: Final = ROOT / "build" / "function-agents-image.tar"
METADATA: Final = ROOT / "functions" / "function-agents" / "package"
BUILD_SECONDS: Final = 300


def function_package(settings: Settings, name: str, version: str) -> str:
    """Builds and pushes the function that `make package` made as another package; returns its reference.

    The image inside is the same. A version more in the metadata makes it another package for Crossplane: another revision, other pods.
    """
    if not IMAGE.exists():
        raise RuntimeError(f"{IMAGE}: does not exist; run `make package`, which `make install` does")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "package"
        shutil.copytree(METADATA, root)
        metadata = yaml.safe_load((root / "crossplane.yaml").read_text())
        metadata["metadata"]["annotations"]["meta.crossplane.io/description"] = f"End-to-end tests, version {version}"
        (root / "crossplane.yaml").write_text(yaml.safe_dump(metadata))
        return _push(settings, root, f"{settings.registry}/{name}:{version}", f"--embed-runtime-image-tarball={IMAGE}")


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


def _run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=BUILD_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} exited {done.returncode}:\n{done.stdout}")

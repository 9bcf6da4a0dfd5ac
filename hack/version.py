"""Prints the version that this working tree is built as, for example v0.1.0-dev.g1f2e3d4c5b6a.

The last part is a hash of everything that goes into the images and packages. A changed build gets a new tag: a node
never runs an image that it pulled before under the same name. With --check, says whether the manifests and our
packages name the release of pyproject.toml.
"""

import hashlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
INPUTS: Final = ("apis", "functions", "package", "hack", "sidecar-image", "uv.lock", "wrapper-image")
"""Files and folders that decide what is built."""

SETTINGS: Final = ("PLATFORM", "PYTHON_IMAGE")
"""Of the environment: what decides it, too. Empty ones are as if they were not there."""

RELEASED: Final = {
    "functions/function-agents/src/zerotouch_function/settings.py": 'RELEASE: Final = "{}"\n',
    "apis/agenttypes/composition.yaml": "ghcr.io/bizmatters/agent-sidecar:{}\n",
    "apis/agenttypes/composition-objects.yaml": "ghcr.io/bizmatters/agent-sidecar:{}\n",
    "platform/04-apis/base/function.yaml": "package: ghcr.io/bizmatters/function-agents:{}\n",
    "docs/sidecar-api.md": "FROM ghcr.io/bizmatters/agent-sidecar:{}\n",
    "docs/agents.md": "PLATFORM=git+https://github.com/bizmatters/zerotouch-platform@{}\n",
    "examples/consumer-repo/.github/workflows/claims.yaml": "PLATFORM: git+https://github.com/bizmatters/zerotouch-platform@{} ",
    "package/crossplane.yaml": 'version: ">={}"',
    "package/crossplane-v1/crossplane.yaml": 'version: ">={}"',
}
"""Where the release's version is written out, for those who install from the repository."""


def main() -> int:
    release = f"v{toml('pyproject.toml')['project']['version']}"
    if "--check" in sys.argv[1:]:
        return report_stale(release)
    print(f"{release}-dev.g{source_hash()[:12]}")
    return 0


def report_stale(release: str) -> int:
    """Says which files name another release than pyproject.toml."""
    stale = [path for path, line in RELEASED.items() if line.format(release) not in (ROOT / path).read_text()]
    stale += [path for path, version in package_versions() if f"v{version}" != release]
    for path in dict.fromkeys(stale):
        print(f"Error: {path}: does not name {release}, the version in pyproject.toml", file=sys.stderr)
    return 1 if stale else 0


def package_versions() -> Iterator[tuple[str, str]]:
    """The file and the version of each of our packages: in its own pyproject.toml, and in the lock file, which SBOMs are made of."""
    for member in toml("pyproject.toml")["tool"]["uv"]["workspace"]["members"]:
        yield f"{member}/pyproject.toml", toml(f"{member}/pyproject.toml")["project"]["version"]
    for package in toml("uv.lock")["package"]:
        if package["source"].keys() & {"editable", "virtual"}:
            yield "uv.lock", package["version"]


def toml(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path).read_text())


def source_hash() -> str:
    """The hash of all inputs' names and contents, as they lie in the working tree, and of the settings."""
    digest = hashlib.sha256()
    for path in source_files():
        digest.update(f"{path}\0".encode())
        digest.update(hashlib.sha256((ROOT / path).read_bytes()).digest())
    for name in SETTINGS:
        if value := os.environ.get(name):
            digest.update(f"{name}={value}\0".encode())
    return digest.hexdigest()


def source_files() -> list[str]:
    """Tracked and new files, not ignored ones; without git, every file."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *INPUTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listing.stdout.split("\0") if listing.returncode == 0 else []
    if not names:
        names = [str(p.relative_to(ROOT)) for top in INPUTS for p in [ROOT / top, *(ROOT / top).rglob("*")]]
    kept = (n for n in names if "__pycache__" not in n and (ROOT / n).is_file())
    return sorted(set(kept))


if __name__ == "__main__":
    raise SystemExit(main())

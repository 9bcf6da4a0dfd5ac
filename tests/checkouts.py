"""A checkout that hack/ builds from, with stand-ins for uv and for what makes SBOMs, images' archives and packages."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = (
    "apis",
    "hack",
    "package",
    "wrapper-image",
    "functions/function-agents/Dockerfile",
    "functions/function-agents/package",
    "sidecar-image/Dockerfile",
    "versions.env",
    ".gitignore",
)

UV: Final = """#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    --output-file) echo package==1.0 >"$2" ;;
    --out-dir) echo wheel >"$2/package-1.0-py3-none-any.whl" ;;
    esac
    shift
done
"""
"""Writes what it is asked for; what is in a wheel does not matter here."""

PYTHON: Final = """#!/bin/sh
case $1 in
hack/sbom.py) echo "$2" >"$4" ;;
*) exec {python} "$@" ;;
esac
"""

SAVE: Final = """#!/bin/sh
file=$PWD/$2
cd "$(mktemp -d)"
tar --sort=name --directory="$STORE/$1" --create --file=layer.tar .
echo '{"config": {}}' >config.json
echo '[{"Config": "config.json", "RepoTags": ["image"], "Layers": ["layer.tar"]}]' >manifest.json
tar --create --file="$file" config.json layer.tar manifest.json
"""
"""Writes an archive of what lies in STORE under the image's tag."""

CROSSPLANE: Final = """#!/bin/sh
for argument; do
    case $argument in --package-file=*) file=${argument#*=} ;; --package-root=*) folder=${argument#*=} ;; esac
done
cat "$folder"/*.yaml >"$file"
"""
"""Builds a package that is the files it is built from."""


PORTABLE: Final = {
    "sed": f'#!/bin/sh\nexec {shutil.which("sed")} --posix "$@"\n',
    "touch": f"""#!/bin/sh
for argument; do
    case $argument in --*) echo "touch: illegal option $argument" >&2; exit 1 ;; esac
done
exec {shutil.which("touch")} "$@"
""",
}
"""Programs that know no more than those of macOS, to be put first on PATH."""


def make_checkout(folder: Path, *, umask: int = 0o022) -> None:
    """Copies what images and packages are built from, with the rights that a checkout has under this umask."""
    folder.mkdir()
    copy = f"umask {umask:o} && cp --recursive --parents {' '.join(SOURCES)} {folder}"
    subprocess.run(copy, shell=True, cwd=ROOT, check=True)
    for leftover in folder.rglob("__pycache__"):
        shutil.rmtree(leftover)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, text in {"uv": UV, "python": PYTHON.format(python=sys.executable), **PORTABLE}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (programs / f"python3.{sys.version_info.minor}").symlink_to(sys.executable)

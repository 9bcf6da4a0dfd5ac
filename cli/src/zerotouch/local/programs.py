"""The programs that `run` starts, and where they lie."""

import shutil
import sys
import sysconfig
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from zerotouch.errors import CommandError

WRAPPER_TREE: Final = Path(__file__).parents[4] / "wrapper-image" / "wrapper"
"""The wrapper in the working tree; the installed package carries a copy."""

INSTALL: Final = "install the programs that run needs: pip install 'zerotouch[run]'"


def sidecar() -> list[str]:
    """Starts the sidecar that is installed beside this command."""
    if find_spec("zerotouch_sidecar") is None:
        raise CommandError(f"zerotouch_sidecar: is not installed; {INSTALL}")
    return [sys.executable, "-m", "zerotouch_sidecar"]


def nats_server() -> str:
    """The nats-server beside this Python, or the one on PATH."""
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if found is None:
        raise CommandError(f"nats-server: is neither installed nor on PATH; {INSTALL}")
    return found


def wrapper() -> Path:
    """The folder that is mounted at /zerotouch in the pod."""
    packaged = Path(str(files("zerotouch"))) / "wrapper"
    return packaged if packaged.is_dir() else WRAPPER_TREE

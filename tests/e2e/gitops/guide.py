"""The commands of docs/operations.md, as a reader would type them."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
GUIDE: Final = ROOT / "docs/operations.md"
COMMAND_SECONDS: Final = 600


def commands(after: str, *, replaced: dict[str, str] | None = None) -> list[str]:
    """The lines of the first block of shell commands that follows that text, without comments.

    Args:
        after: A text of the guide.
        replaced: Names of the guide's example, and what they are here.
    """
    _, found, rest = GUIDE.read_text().partition(after)
    block = re.search(r"```bash\n(.*?)```", rest, re.DOTALL)
    if not found or not block:
        raise AssertionError(f"{GUIDE.name}: has no commands after {after!r}")
    text = block[1].replace("\\\n", " ")
    for theirs, ours in (replaced or {}).items():
        text = re.sub(rf"(?<![\w-]){re.escape(theirs)}(?![\w-])", ours, text)
    return [line for line in (re.sub(r"\s+#.*", "", line).strip() for line in text.splitlines()) if line]


def run(command: str, folder: Path = ROOT) -> str:
    """Runs a line of the guide in a shell and returns its output."""
    done = subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=os.environ, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )
    if done.returncode:
        raise AssertionError(f"{GUIDE.name}: `{command}` exited {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout

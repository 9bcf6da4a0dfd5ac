"""Files that are named in documents, comments and docstrings exist: who moves one mends what speaks of it."""

import re
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
FILES: Final = [
    path
    for path in subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    if path and (ROOT / path).is_file()
]
FOLDERS: Final = sorted({path.partition("/")[0] for path in FILES if "/" in path})
ENDS: Final = "cjs|example|json|lua|md|py|sh|yaml"
NAMED: Final = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*\w\.(?:{ENDS})(?![\w/])")
MADE_BY_THE_READER: Final = {"bootstrap/tenants/deepagents.yaml"}


def test_files_that_are_named_exist() -> None:
    """Named from the root or from the folder that they lie in, such as `apis/agenttype/compose.py`."""
    known = {"/".join(parts[start:]) for path in FILES for parts in [path.split("/")] for start in range(len(parts))}
    named = {(path, name) for path in FILES for name in NAMED.findall((ROOT / path).read_text(encoding="utf-8", errors="replace"))}
    assert len(named) > 100
    assert sorted((path, name) for path, name in named if name not in known | MADE_BY_THE_READER) == []

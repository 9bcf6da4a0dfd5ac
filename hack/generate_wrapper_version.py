"""Writes wrapper-image/wrapper/VERSION: the release, and a hash of the wrapper's files. The wrapper reports it.

python hack/generate_wrapper_version.py [--check]
"""

import hashlib
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
WRAPPER: Final = ROOT / "wrapper-image/wrapper"
VERSION: Final = WRAPPER / "VERSION"


def main() -> int:
    release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    text = f"{release}+{content_hash()[:12]}\n"
    is_current = VERSION.exists() and VERSION.read_text() == text
    if "--check" not in sys.argv[1:]:
        VERSION.write_text(text)
    elif not is_current:
        print(f"Error: {VERSION.relative_to(ROOT)}: not current. Run: make generate", file=sys.stderr)
        return 1
    return 0


def content_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(WRAPPER.rglob("*")):
        if path.is_file() and path != VERSION and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(WRAPPER)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())

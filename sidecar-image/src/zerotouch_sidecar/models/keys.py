"""Provider keys, read from mounted files and read again when the kubelet writes them anew. They never reach a log or a message."""

import os
from pathlib import Path
from typing import Final

POLL_SECONDS: Final = 5.0
"""How soon a new key is noticed; one that a provider refuses is looked at again at once."""


class KeyFile:
    """One provider's key. An empty path stands for a provider that wants none."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: object = None
        self._value = ""

    def __repr__(self) -> str:
        return f"KeyFile({self._path!r})"

    @property
    def value(self) -> str:
        """The key as it was last read; empty while the file is not there."""
        return self._value

    @property
    def is_missing(self) -> bool:
        """Whether a key is wanted and none is there."""
        return bool(self._path) and not self._value

    def read(self) -> bool:
        """Reads the file if it changed; returns whether the key did. Blocks for as long as the file system does.

        The kubelet swaps the `..data` link of the whole folder, so the file behind the path is another one afterwards.
        """
        if not self._path:
            return False
        try:
            stat = os.stat(self._path)
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen == self._seen:
                return False
            value = Path(self._path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return False  # between two versions, or not mounted yet: what was read last stays good
        self._seen = seen
        was, self._value = self._value, value if value.isascii() and value.isprintable() else ""
        return self._value != was

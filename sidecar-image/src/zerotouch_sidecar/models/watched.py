"""A mounted file that the kubelet writes anew when its Secret changes."""

import os
from pathlib import Path
from typing import Final

POLL_SECONDS: Final = 5.0
"""How soon a change is noticed; a key that a provider refuses is looked at again at once."""


class WatchedFile:
    """Tells what is new in a file. An empty path stands for no file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: object = None

    @property
    def is_wanted(self) -> bool:
        """Whether there is to be a file."""
        return bool(self._path)

    def news(self) -> bytes | None:
        """Reads the file if it is another one than last time; None: it is not, or is not there.

        Blocks for as long as the file system does. The kubelet swaps the `..data` link of the whole folder, so the file behind the path is
        another one afterwards.
        """
        if not self._path:
            return None
        try:
            stat = os.stat(self._path)
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen == self._seen:
                return None
            content = Path(self._path).read_bytes()
        except OSError:
            return None  # between two versions, or not mounted yet: what was read last stays good
        self._seen = seen
        return content

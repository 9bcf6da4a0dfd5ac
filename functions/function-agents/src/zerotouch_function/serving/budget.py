"""What of the pod's memory is for answers that are kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from zerotouch_function.protocol.memory import KEPT_BYTES

LIMIT_FILES: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where a container finds its limit: in cgroup v2, and in v1."""

KEPT_PART: Final = 8
"""Part of the limit, as 1/8, for remembered answers. Python adds half of that again, and the process takes 42 MB without any."""

UNREAD_PART: Final = 16
"""The same for answers that their callers have not read: gRPC has each of them twice."""

UNREAD_BYTES: Final = 16 * 1024 * 1024
"""At most for those: four of the largest, or a thousand ordinary ones."""


class Budget(Struct, frozen=True):
    """Bytes of answers, as counted without what Python and gRPC add.

    Attributes:
        kept_bytes: Remembered ones, with what they were made from.
        unread_bytes: Those that their callers have not read.
    """

    kept_bytes: int = KEPT_BYTES
    unread_bytes: int = UNREAD_BYTES


def budget(limit_bytes: int | None) -> Budget:
    """The budget of a pod with that memory limit; None stands for no limit."""
    if limit_bytes is None:
        return Budget()
    return Budget(min(KEPT_BYTES, limit_bytes // KEPT_PART), min(UNREAD_BYTES, limit_bytes // UNREAD_PART))


def memory_limit_bytes(files: Sequence[Path] = LIMIT_FILES) -> int | None:
    """The container's memory limit; None if it has none, or none can be read. Without one, v1 says more than any machine has."""
    for file in files:
        try:
            limit = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        return int(limit) if limit.isdecimal() else None
    return None

"""How long things took on the cluster, printed after the tests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final


class Figures:
    """Lines of figures, in the order in which they were taken."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextmanager
    def time(self, what: str) -> Iterator[None]:
        """Notes how long the block takes, unless it fails."""
        start = time.monotonic()
        yield
        self.lines.append(f"{what}: {time.monotonic() - start:.1f} s")


FIGURES: Final = Figures()
"""Of this run: pytest's summary prints them, where no fixture reaches."""

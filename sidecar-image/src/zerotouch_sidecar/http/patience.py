"""How long to wait for the next thing: moving the end of a wait costs an assignment, not a timer."""

import asyncio
import math
from collections.abc import Callable


class Patience:
    """Calls `on_end` when a wait ends. Only the last wait counts."""

    __slots__ = ("_end", "_loop", "_on_end", "_timer")

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_end = on_end
        self._end = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, seconds: float) -> None:
        """Waits from now on for so long; 0: for ever."""
        if seconds <= 0:
            self._end = math.inf
            return
        self._end = self._loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._end:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._end, self._look)

    def stop(self) -> None:
        """Waits no more."""
        self._end = math.inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._end == math.inf:
            return
        if self._loop.time() < self._end:
            self._timer = self._loop.call_at(self._end, self._look)
            return
        self._end = math.inf
        self._on_end()

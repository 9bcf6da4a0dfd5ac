"""Waiting for a reader that is slower than its writer."""

import asyncio


class Choke:
    """Holds writers up.

    Attributes:
        is_on: The other side has not read what it was sent.
    """

    __slots__ = ("_free", "is_on")

    def __init__(self) -> None:
        self.is_on = False
        self._free: asyncio.Future[None] | None = None

    async def wait(self) -> None:
        """Returns when the other side has read enough, or is gone."""
        if not self.is_on:
            return
        if self._free is None:
            self._free = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._free)

    def release(self) -> None:
        """The other side caught up, or is gone."""
        self.is_on = False
        if self._free is not None and not self._free.done():
            self._free.set_result(None)
        self._free = None

"""The tests' own loops: one that hangs fails."""

import asyncio
from contextlib import suppress

import pytest

from tests.sidecar.loops import TooLongError, bounded


def test_a_loop_that_waits_for_a_task_which_cannot_be_cancelled_ends() -> None:
    async def stubborn() -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    async def scene() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # which is told of the task that is left
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        assert not task.done()

    with pytest.raises(TooLongError, match="has not ended"), bounded(0.05):
        asyncio.run(scene())

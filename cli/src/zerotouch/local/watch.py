"""What ends the processes of a run that is killed, and so can end nothing itself."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from zerotouch.local.children import STOP_SECONDS

SCRIPT: Final = f"""
while read -r group; do groups="$groups -$group"; done
some_live() {{
    for group in $groups; do kill -s 0 -- $group && return; done
    return 1
}}
kill -s TERM -- $groups
seconds={STOP_SECONDS:.0f}
while some_live && [ $((seconds -= 1)) -ge 0 ]; do sleep 1; done
kill -s KILL -- $groups
rm -rf -- "$1"
"""
"""Reads process groups, one a line, until whoever writes them is gone."""


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Callable[[int], None]]:
    """Inside, process groups are given to what this yields. If this process is killed, they are ended and the folder is removed.

    Whoever leaves in order has ended them before.
    """
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    nowhere = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", SCRIPT, "zerotouch-watch", str(folder)),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=nowhere,
        stderr=nowhere,
        start_new_session=True,
    )
    lines = process.stdin
    assert lines
    try:
        yield lambda group: lines.write(f"{group}\n".encode())
    finally:
        process.kill()
        await process.wait()

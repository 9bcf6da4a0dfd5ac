"""Child processes: started in groups of their own, their output passed on, ended with everything that they started."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

from zerotouch.errors import CommandError

STOP_SECONDS: Final = 10.0
"""A process that is told to end gets this long before it is killed."""

LINE_BYTES: Final = 1 << 20


@dataclass(slots=True)
class Child:
    """One running process."""

    name: str
    process: asyncio.subprocess.Process
    reader: asyncio.Task[None] | None

    async def wait(self) -> int:
        return await self.process.wait()

    async def stop(self) -> None:
        """Ends the process and all that it started."""
        self.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        kill([self])
        await self.process.wait()
        if self.reader:
            await self.reader

    def send_signal(self, number: signal.Signals) -> None:
        """Signals the process and all that it started."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return  # it and its children have ended


def kill(children: Iterable[Child]) -> None:
    """Ends them at once, with all that they started."""
    for child in children:
        child.send_signal(signal.SIGKILL)


Listen: TypeAlias = Callable[[str], bool]
"""Which lines of a process's output are passed on."""


async def start(name: str, command: Sequence[str], environment: Mapping[str, str], listen: Listen | None = None) -> Child:
    """Starts a process.

    Args:
        name: What stands before each of its lines.
        command: Program and arguments.
        environment: All of its environment.
        listen: Which of its lines go to standard error; None: its output is this process's own.

    Raises:
        CommandError: It cannot be started.
    """
    output = asyncio.subprocess.PIPE if listen else None
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output and asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=LINE_BYTES,
        )
    except OSError as error:
        raise CommandError(f"{name}: {command[0]} cannot be started ({error.strerror}); see that it is installed and on PATH") from None
    reader = asyncio.create_task(_pass_on(name, process.stdout, listen)) if process.stdout and listen else None
    return Child(name, process, reader)


async def _pass_on(name: str, lines: asyncio.StreamReader, listen: Listen) -> None:
    async for data in lines:
        line = data.decode(errors="replace")
        if not listen(line):
            continue
        with suppress(OSError):  # the terminal may be gone while everything stops; whoever is read here must not be held up
            sys.stderr.write(f"{name} | {line}")
            sys.stderr.flush()

"""One run: everything starts in order, something ends, everything stops."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zerotouch.errors import CommandError
from zerotouch.local.children import Child, Listen, kill, start
from zerotouch.local.ports import HOST
from zerotouch.local.signals import told_to
from zerotouch.local.watch import watched
from zerotouch_contract import routes

START_SECONDS: Final = 20.0
"""How long NATS and the sidecar may take until they answer."""

LOOK_SECONDS: Final = 0.05
"""Between two looks at something that starts."""


@dataclass(frozen=True, slots=True)
class Step:
    """One process of the run.

    Attributes:
        name: What messages call it.
        command: Program and arguments.
        environment: All of its environment.
        port: What it answers on, with `path` over HTTP, before the next step starts; 0: nobody waits.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    port: int = 0
    path: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """What the user is told meanwhile.

    Attributes:
        started: Called when all helpers answer.
        ready: Called when the sidecar says that the agent is ready.
        listen: Which lines of the helpers are passed on.
    """

    started: Callable[[], None]
    ready: Callable[[], None]
    listen: Listen


async def run(helpers: Sequence[Step], agent: Step, *, ops_port: int, folder: Path, telling: Telling) -> int:
    """Runs until the agent ends, a helper ends, or the user says stop; returns the exit code.

    Args:
        helpers: What starts before the agent.
        agent: The agent.
        ops_port: Where the sidecar says that the agent is ready.
        folder: What has to go with the run, even if that is killed.
        telling: What the user is told.

    Raises:
        CommandError: A process cannot be started, or a helper ended by itself.
    """
    stop, children = asyncio.Event(), list[Child]()
    async with AsyncExitStack() as running:
        running.enter_context(told_to(stop.set, lambda: kill(children)))
        watch = await running.enter_async_context(watched(folder))

        async def begin(step: Step, listen: Listen | None) -> Child:
            child = await start(step.name, step.command, step.environment, listen)
            watch(child.process.pid)
            running.push_async_callback(child.stop)
            children.append(child)
            return child

        for step in helpers:
            child = await begin(step, telling.listen)
            if await _first(_answers(step), child.wait(), stop.wait()) != 0:
                if stop.is_set():
                    return 0
                raise CommandError(f"{step.name}: ended before it was ready ({_how(child)}); what it said stands above")
        telling.started()
        child = await begin(agent, None)
        ready = asyncio.create_task(_tell_ready(ops_port, telling.ready))
        running.callback(ready.cancel)
        ended = await _first(stop.wait(), child.wait(), *(helper.wait() for helper in children[:-1]))
        if ended == 0:
            return 0
        if ended > 1:
            helper = children[ended - 2]
            raise CommandError(f"{helper.name}: ended by itself ({_how(helper)}); what it said stands above")
        return _code(child)


async def _first(*waiting: Coroutine[Any, Any, Any]) -> int:
    """Position of the first that ends; the others are given up."""
    tasks = [asyncio.ensure_future(one) for one in waiting]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    first = next(position for position, task in enumerate(tasks) if task.done())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    tasks[first].result()
    return first


async def _answers(step: Step) -> None:
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await _responds(step.port, step.path):
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise CommandError(
            f"{step.name}: did not answer on port {step.port} within {START_SECONDS:.0f} s; what it said stands above"
        ) from None


async def _tell_ready(port: int, tell: Callable[[], None]) -> None:
    while not await _responds(port, routes.READYZ):
        await asyncio.sleep(LOOK_SECONDS * 4)
    tell()


async def _responds(port: int, path: str) -> bool:
    """Whether something listens, and answers 200 if it is asked for a path."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        if not path:
            return True
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()


def _how(child: Child) -> str:
    code = child.process.returncode or 0
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _code(agent: Child) -> int:
    """The agent's exit code is the command's; a signal is told as a shell tells it."""
    code = agent.process.returncode or 0
    return 128 - code if code < 0 else code

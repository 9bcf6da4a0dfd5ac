"""Request hooks: a package says what may pass, and learns how it ended.

    [project.entry-points."zerotouch_sidecar.hooks"]
    audit = "my_package:Audit"

`Audit()` is made once, when the sidecar starts. Both methods run on the sidecar's event loop: await, and never block. docs/sidecar-api.md
shows a whole one.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Final, Literal, Protocol

from zerotouch_sidecar.errors import StartError
from zerotouch_sidecar.http.message import Headers
from zerotouch_sidecar.metrics import Registry

log = logging.getLogger(__name__)

GROUP: Final = "zerotouch_sidecar.hooks"
"""The entry point group. An entry's object is called without arguments and returns a `Hook`."""

HOOK_SECONDS: Final = 5.0
"""How long one call of a hook may take."""


@dataclass(slots=True)
class Exchange:
    """A request on its way, as hooks see it.

    Attributes:
        way: `ingress`: to the agent. `models`: from the agent to a model.
        headers: As they will be passed on; a hook may change them in place.
    """

    way: Literal["ingress", "models"]
    request_id: str
    method: str
    target: str
    peer: str
    headers: Headers


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer in place of passing the request on.

    Attributes:
        status: 400 to 599.
        detail: What whoever asked is told.
    """

    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an exchange ended.

    Attributes:
        status: What was answered; 0: nothing was.
        is_whole: The answer reached its end.
    """

    status: int
    is_whole: bool
    seconds: float


class Hook(Protocol):
    """What a plugin implements."""

    async def before(self, exchange: Exchange) -> Refusal | None:
        """Called before the request is passed on. An exception refuses it with 500: a guard that fails must not let through."""

    async def after(self, exchange: Exchange, outcome: Outcome) -> None:
        """Called when the answer has ended, however it ended. An exception is logged."""


class Hooks:
    """All hooks of this image, in the order of their names."""

    def __init__(self, hooks: Sequence[tuple[str, Hook]], registry: Registry) -> None:
        self.names = [name for name, _ in hooks]
        self._hooks = list(hooks)
        self._failures = registry.counter("agent_hook_failures_total", "Calls of hooks that raised or took too long.", "hook")

    def __bool__(self) -> bool:
        return bool(self._hooks)

    async def before(self, exchange: Exchange) -> Refusal | None:
        """Asks each hook; the first refusal counts."""
        for name, hook in self._hooks:
            try:
                async with asyncio.timeout(HOOK_SECONDS):
                    refusal = await hook.before(exchange)
                if refusal is not None and not 400 <= refusal.status <= 599:
                    raise ValueError(f"a refusal has a status from 400 to 599, not {refusal.status}")
            except Exception:  # whatever a plugin does
                log.exception("a hook failed, so the request is refused", extra={"hook": name})
                self._failures.inc(name)
                return Refusal(500, f"the hook {name} failed")
            if refusal is not None:
                return refusal
        return None

    async def after(self, exchange: Exchange, outcome: Outcome) -> None:
        """Tells each hook."""
        for name, hook in self._hooks:
            try:
                async with asyncio.timeout(HOOK_SECONDS):
                    await hook.after(exchange, outcome)
            except Exception:
                log.exception("a hook failed after the answer", extra={"hook": name})
                self._failures.inc(name)


def load_hooks(registry: Registry) -> Hooks:
    """Makes the hooks that are installed.

    Raises:
        StartError: One of them cannot be made: an image with a broken guard must not serve.
    """
    hooks: list[tuple[str, Hook]] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            hooks.append((entry.name, entry.load()()))
        except Exception as error:
            raise StartError(f"hook {entry.name}", f"cannot be made: {error}", "mend the plugin, or build the image without it") from error
    return Hooks(hooks, registry)

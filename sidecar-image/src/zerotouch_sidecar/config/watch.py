"""Reads sidecar.json again when it changes. The kubelet swaps a link to a whole folder, so only a look at the content tells."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from zerotouch_sidecar.config.load import LARGEST_BYTES, Loaded, digest_of, load
from zerotouch_sidecar.errors import ConfigurationError
from zerotouch_sidecar.metrics import Registry

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
"""Between two looks. The kubelet itself takes up to a minute to bring a changed ConfigMap."""


class Watch:
    """Applies each new configuration that holds; one that does not leaves the last good one in place.

    Args:
        apply: Puts a configuration into use. Raises `ConfigurationError` when it cannot, and has then changed nothing.
    """

    def __init__(
        self,
        path: Path,
        current: Loaded,
        apply: Callable[[Loaded], Awaitable[None]],
        registry: Registry,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self.current = current
        self.error = ""
        self._path = path
        self._apply = apply
        self._look_seconds = look_seconds
        self._seen = current.digest
        self._reloads = registry.counter("agent_config_reloads_total", "Changed configurations, by how they were taken.", "result")
        self._is_good = registry.gauge("agent_config_valid", "Whether the configuration in the file is in use (1) or was refused (0).")
        self._info = registry.gauge("agent_config_info", "Which configuration is in use.", "digest")
        self._is_good.set(1)
        self._info.set(1, current.digest)

    async def run(self) -> None:
        """Looks for ever."""
        while True:
            await asyncio.sleep(self._look_seconds)
            await self.look()

    async def look(self) -> None:
        """Looks once."""
        try:
            digest = await asyncio.to_thread(self._digest)
        except OSError as error:
            digest = f"unreadable: {error.strerror}"
        if digest == self._seen:
            return
        self._seen = digest
        try:
            loaded = await asyncio.to_thread(load, self._path, self.current.pod)
            self._seen = loaded.digest
            await self._apply(loaded)
        except ConfigurationError as error:
            self._refused(str(error))
        except (Exception, SystemExit) as error:  # a plugin's mistake must not stop what works
            log.exception("a changed configuration could not be used")
            self._refused(f"{type(error).__name__}: {error}")
        else:
            self._taken(loaded)

    def _taken(self, loaded: Loaded) -> None:
        self._info.forget(self.current.digest)
        self.current, self.error = loaded, ""
        self._info.set(1, loaded.digest)
        self._is_good.set(1)
        self._reloads.inc("taken")
        log.info("configuration reloaded", extra={"digest": loaded.digest})

    def _refused(self, problem: str) -> None:
        self.error = problem
        self._is_good.set(0)
        self._reloads.inc("refused")
        log.error(
            "changed configuration refused, the last good one stays in use", extra={"problem": problem, "digest": self.current.digest}
        )

    def _digest(self) -> str:
        with self._path.open("rb") as file:
            return digest_of(file.read(LARGEST_BYTES + 1))

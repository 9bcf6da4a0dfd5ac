"""What the wrapper told of the processes that it was loaded into. Kept in a file: a sidecar that restarts alone hears no report again."""

import asyncio
import logging
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from zerotouch_sidecar.metrics import Registry

log = logging.getLogger(__name__)

FILE: Final = "wrapper-reports.json"
KEPT_REPORTS: Final = 64
"""The newest ones are kept."""

Word = Annotated[str, Meta(max_length=128)]


class Report(Struct, frozen=True, rename="camel", kw_only=True):
    """One process. Fields that a newer wrapper adds are of no interest here."""

    runtime: Word
    runtime_version: Word = ""
    wrapper_version: Word = ""
    pid: Annotated[int, Meta(ge=0)] = 0
    loaded: bool = True
    framework: Word = ""


_report: Final = msgspec.json.Decoder(Report)
_reports: Final = msgspec.json.Decoder(list[Report])


def parse(body: bytes) -> Report:
    """Reads a report.

    Raises:
        ValueError: It is none (`msgspec.DecodeError` and `ValidationError` are such).
    """
    return _report.decode(body)


class Reports:
    """The newest reports, here and in the folder of the pod's state."""

    def __init__(self, folder: Path | None, registry: Registry) -> None:
        self.reports: list[Report] = []
        self._file = folder / FILE if folder is not None else None
        self._lock = asyncio.Lock()
        self._count = registry.counter("agent_wrapper_reports_total", "Processes that the wrapper was loaded into.", "runtime", "loaded")
        self._loaded = registry.gauge("agent_wrapper_loaded", "Whether the wrapper reported from the agent's container.")
        self._loaded.set(0)

    @property
    def is_loaded(self) -> bool:
        """Some process has the wrapper."""
        return any(report.loaded for report in self.reports)

    async def read(self) -> None:
        """Takes over what a sidecar before this one in the same pod was told."""
        if self._file is None:
            return
        try:
            self.reports = _reports.decode(await asyncio.to_thread(self._file.read_bytes))[-KEPT_REPORTS:]
        except FileNotFoundError:
            return
        except (OSError, msgspec.DecodeError) as error:
            log.warning("the wrapper's earlier reports cannot be read", extra={"problem": str(error)})
        self._loaded.set(self.is_loaded)

    async def add(self, report: Report) -> None:
        """Keeps a report, also when this is cancelled: the wrapper closes its connection without waiting for an answer."""
        runtime = report.runtime if report.runtime in ("python", "node") else "other"
        self._count.inc(runtime, str(report.loaded).lower())
        others = [known for known in self.reports if (known.runtime, known.pid) != (report.runtime, report.pid)]
        self.reports = [*others, report][-KEPT_REPORTS:]
        self._loaded.set(self.is_loaded)
        if self._file is not None:
            await asyncio.shield(self._written(self._file))

    async def _written(self, file: Path) -> None:
        async with self._lock:
            try:
                await asyncio.to_thread(_replace, file, msgspec.json.encode(self.reports))
            except OSError as error:
                log.warning("the wrapper's report cannot be kept", extra={"problem": str(error)})


def _replace(file: Path, content: bytes) -> None:
    new = file.with_suffix(".new")
    new.write_bytes(content)
    new.replace(file)

"""What the process itself costs, under the names that Prometheus' own clients use."""

import os
import time
from pathlib import Path
from typing import Final

from zerotouch_sidecar import VERSION
from zerotouch_sidecar.metrics import Registry

_STATUS: Final = Path("/proc/self/statm")
_FILES: Final = Path("/proc/self/fd")


def watch_process(registry: Registry) -> None:
    """Adds the process's metrics; they are read when somebody asks."""
    registry.gauge("agent_sidecar_info", "The sidecar's release.", "version").set(1, VERSION)
    registry.gauge("process_start_time_seconds", "When the sidecar started, in seconds since 1970.").set(time.time())
    memory = registry.gauge("process_resident_memory_bytes", "Memory that the sidecar holds.")
    seconds = registry.counter("process_cpu_seconds_total", "Processor time that the sidecar used.")
    files = registry.gauge("process_open_fds", "Files and connections that the sidecar has open.")

    def look() -> None:
        if _STATUS.exists():
            memory.set(int(_STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
            files.set(len(os.listdir(_FILES)))
        seconds.inc(by=time.process_time() - seconds.value())

    registry.before_text(look)

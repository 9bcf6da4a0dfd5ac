"""What the process uses, under the names that every Prometheus client has for it; nothing where there is no /proc."""

import os
import platform
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SELF: Final = Path("/proc/self")
STAT: Final = SELF / "stat"
VIRTUAL_BYTES, RESIDENT_PAGES, START_TICKS = 20, 21, 19
"""Places in /proc/self/stat, counted from after the command's name (proc_pid_stat(5) counts from 1, and the name is the second)."""


def metrics() -> Iterator[str]:
    """Memory, processor time, files and start, and which Python runs it."""
    yield "# TYPE python_info gauge"
    yield f'python_info{{implementation="{platform.python_implementation()}",version="{platform.python_version()}"}} 1.0'
    if not STAT.exists():
        return
    fields = STAT.read_text().rpartition(")")[2].split()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    values = (
        ("process_cpu_seconds_total", "counter", usage.ru_utime + usage.ru_stime),
        ("process_virtual_memory_bytes", "gauge", float(fields[VIRTUAL_BYTES])),
        ("process_resident_memory_bytes", "gauge", float(fields[RESIDENT_PAGES]) * resource.getpagesize()),
        ("process_start_time_seconds", "gauge", boot_seconds() + float(fields[START_TICKS]) / os.sysconf("SC_CLK_TCK")),
        ("process_open_fds", "gauge", float(len(os.listdir(SELF / "fd")))),
        ("process_max_fds", "gauge", float(resource.getrlimit(resource.RLIMIT_NOFILE)[0])),
    )
    for name, kind, value in values:
        yield f"# TYPE {name} {kind}"
        yield f"{name} {value}"


def boot_seconds() -> float:
    """When the machine was started, in seconds since 1970."""
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    return float(line.split()[1])

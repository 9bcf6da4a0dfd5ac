"""The servers that are measured: ours and its peers, each a process on a core of its own."""

import compileall
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from benchmarks.load import channel, unary

OURS: Final = "ours"
SDK: Final = "sdk"
PATCH_AND_TRANSFORM: Final = "patch-and-transform"
PROGRAM: Final = "function-patch-and-transform"
SOURCE: Final = f"github.com/crossplane-contrib/{PROGRAM}"
"""The package of Go that the program is built from."""

CORES: Final = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
SERVER_CORE: Final = CORES[-1:]
"""Where servers run: the last core, and no other."""

LOAD_CORES: Final = CORES[:-1]
START_SECONDS: Final = 20

IMAGE_ENVIRONMENT: Final = {"MALLOC_TRIM_THRESHOLD_": "67108864", "MALLOC_MMAP_THRESHOLD_": "67108864", "MALLOC_ARENA_MAX": "1"}
"""What our Dockerfile sets."""

OUR_FOLDERS: Final = ("functions", "benchmarks")
"""What is not installed and yet imported."""

ROOT: Final = Path(__file__).parents[1]


@dataclass(frozen=True)
class Program:
    """A function that can be started.

    Attributes:
        name: Ours, or the peer's name.
        command: Its arguments; `--insecure` or the certificates' folder follow, then the address.
        environment: Beside that of this process.
    """

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)


def programs(peer: str) -> list[Program]:
    """Ours, the SDK, and function-patch-and-transform unless that is empty."""
    python = (image_python(), "-m")
    found = [
        Program(OURS, (*python, "zerotouch_function", "--metrics-address", f"127.0.0.1:{free_port()}"), IMAGE_ENVIRONMENT),
        Program(SDK, (*python, "benchmarks.peers.sdk.main")),
    ]
    return [*found, Program(PATCH_AND_TRANSFORM, (peer,))] if peer else found


def image_python() -> str:
    """A Python with the image's packages, compiled as there, and no others: structlog, for one, imports `rich` where it finds it."""
    environment = ROOT / "build" / "benchmark"
    options = ["--quiet", "--frozen", "--no-dev", "--compile-bytecode", "--package", "zerotouch-function", "--python", sys.executable]
    settings = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(environment)}
    subprocess.run([str(Path(sys.executable).with_name("uv")), "sync", *options], check=True, cwd=ROOT, env=settings)  # noqa: S603
    for folder in OUR_FOLDERS:
        compileall.compile_dir(ROOT / folder, quiet=2)
    return str(environment / "bin" / "python")


def as_in_its_image(program: Program) -> Program:
    """The program as it starts in its image. Ours is as it is, and patch-and-transform is compiled.

    The image that the SDK's template builds (crossplane/function-template-python) has bytecode of its packages, which pip writes, and none
    of the standard library: its base is distroless, which ships none (GoogleContainerTools/distroless#865), and its user cannot write any.
    """
    if program.name != SDK:
        return program
    caches = ROOT / "build" / "sdk-bytecode"
    settings = {"PYTHONPYCACHEPREFIX": str(caches), "PYTHONDONTWRITEBYTECODE": "1"}
    python, packages = Path(program.command[0]), [str(ROOT / "benchmarks")]
    packages += [str(folder) for folder in python.parents[1].glob("lib/python*/site-packages")]
    subprocess.run([str(python), "-m", "compileall", "-q", *packages], check=True, env={**os.environ, **settings})  # noqa: S603
    return replace(program, environment={**program.environment, **settings})


def patch_and_transform() -> str:
    """The program that PATCH_AND_TRANSFORM names in the environment, else the one on PATH.

    Raises:
        LookupError: There is none.
    """
    named = os.environ.get("PATCH_AND_TRANSFORM", "")
    found = shutil.which(named or PROGRAM)
    if found is None:
        (version,) = re.findall(r"^PATCH_AND_TRANSFORM_VERSION=(\S+)$", (ROOT / "versions.env").read_text(), re.MULTILINE)
        problem = f'"{named}" is no program' if named else f"is not set, and {PROGRAM} is not on PATH"
        raise LookupError(f"PATCH_AND_TRANSFORM: {problem}; build it with `go install {SOURCE}@{version}`, and set this to its path")
    return str(Path(found).absolute())


@dataclass(frozen=True)
class Server:
    """A running function."""

    program: Program
    address: str
    certificates: Path | None
    process: subprocess.Popen[bytes]
    start_ms: float

    def memory_mb(self, field: str) -> float:
        """`VmRSS` (now) or `VmHWM` (at most so far)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024

    def cpu_seconds(self) -> float:
        """Processor time so far, the kernel's part included."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(program: Program, request: bytes, certificates: Path | None = None) -> Iterator[Server]:
    """Starts the function and waits for its first answer."""
    address = f"127.0.0.1:{free_port()}"
    transport = ["--insecure"] if certificates is None else ["--tls-certs-dir", str(certificates)]
    command = [*program.command, *transport, "--address", address]
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=ROOT,
        env={**os.environ, **program.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: pin(SERVER_CORE),
    ) as process:
        try:
            wait_for_port(address, process)
            with channel(address, certificates) as connection:
                unary(connection)(request)
            yield Server(program, address, certificates, process, (time.perf_counter() - started) * 1000)
        finally:
            process.kill()


def wait_for_port(address: str, process: "subprocess.Popen[bytes]") -> None:
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.002)


def pin(cores: Sequence[int]) -> None:
    """Binds this process to cores, where the system can and there are several."""
    if len(CORES) > 1:
        os.sched_setaffinity(0, cores)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

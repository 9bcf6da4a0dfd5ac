"""What was measured, as a table and as JSON."""

import json
import os
import platform
import timeit
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from crossplane.function.proto.v1 import run_function_pb2 as v1

from benchmarks import crossplane

RESULTS: Final = Path(__file__).parent / "results.json"
PACKAGES: Final = ("crossplane-function-sdk-python", "grpcio", "protobuf", "msgspec")


@dataclass(frozen=True)
class Measurement:
    """One figure of ours beside its peers'.

    Attributes:
        name: What was measured.
        value: Ours, the median of the rounds.
        unit: Of the value.
        target: What must be reached, in words; empty if nothing must.
        is_reached: Whether it is; None where there is no target, or the peer is not there.
        peers: Their values.
        ratio: Ours divided by the peer's.
    """

    name: str
    value: float
    unit: str
    target: str = ""
    is_reached: bool | None = None
    peers: Mapping[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> dict[str, float]:
        return {peer: rounded(self.value / value) for peer, value in self.peers.items() if value}


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    models = [line.partition(":")[2].strip() for line in read("/proc/cpuinfo").splitlines() if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": models[0] if models else platform.processor(),
        "load_before": rounded(os.getloadavg()[0]),
        "yardstick_us": rounded(yardstick_us()),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def yardstick_us() -> float:
    """The SDK's classes reading the captured request: 56 us on a quiet machine of the kind that the targets were set on."""
    request = crossplane.request()
    return min(timeit.repeat(lambda: v1.RunFunctionRequest.FromString(request), number=20, repeat=10)) / 20 * 1e6


def read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""


def write(facts: Mapping[str, Any], measurements: Iterable[Measurement], path: Path = RESULTS) -> None:
    """Replaces the function's figures; sections that others added stay."""
    save({**saved(path), "machine": facts, "measurements": [as_json(one) for one in measurements]}, path)


def add(section: str, facts: Mapping[str, Any], measurements: Iterable[Measurement], path: Path = RESULTS) -> None:
    """Replaces one section beside the function's figures."""
    save({**saved(path), section: {"machine": facts, "measurements": [as_json(one) for one in measurements]}}, path)


def saved(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(read(str(path)) or "{}")
    return found


def save(document: Mapping[str, Any], path: Path) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n")


def as_json(one: Measurement) -> dict[str, Any]:
    peers = {peer: rounded(value) for peer, value in one.peers.items()}
    return {**asdict(one), "value": rounded(one.value), "peers": peers, "ratio": one.ratio}


def table(measurements: Iterable[Measurement]) -> str:
    lines = [("what", "ours", "unit", "peers", "ours / peer", "must be", "")]
    for one in measurements:
        peers = ", ".join(f"{name} {rounded(value):g}" for name, value in one.peers.items())
        ratios = ", ".join(f"{name} {ratio:g}" for name, ratio in one.ratio.items())
        verdict = {True: "yes", False: "NO", None: ""}[one.is_reached]
        lines.append((one.name, f"{rounded(one.value):g}", one.unit, peers, ratios, one.target, verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def rounded(value: float) -> float:
    """Three digits that count."""
    return float(f"{value:.3g}")

"""Measures what claims by the hundred cost a control plane, and writes `benchmarks/scale/results.json`.

    make scale                              # 100, then 300
    make scale SCALE_CLAIMS="100 300 1000"

Needs a cluster with the platform, KEDA, NATS and kwok (nodes with the label `type: kwok`). What it makes there it deletes in the end, and
the function and Composition that it measures are its own.
"""

import argparse
import json
import secrets as random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks import results
from benchmarks.scale import phases
from benchmarks.scale.api import Api, api
from benchmarks.scale.crowd import Crowd
from benchmarks.scale.meters import Meters
from benchmarks.scale.verdicts import verdicts
from tests.e2e.cluster import find, kubectl, wait_for
from tests.e2e.operations.packages import function_package
from tests.e2e.operations.platform import Platform, own_function
from tests.e2e.preconditions import missing
from tests.e2e.settings import Settings, from_environment
from tests.e2e.streams import Queue

RESULTS: Final = Path(__file__).parent / "results.json"
CLAIMS: Final = "agentexecutors.platform.bizmatters.io"
DELETE_SECONDS: Final = 1200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--rest-seconds", type=float, default=120)
    parser.add_argument("--edit-seconds", type=float, default=120)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    settings = from_environment()
    if problem := missing(settings) or (not find("nodes", selector="type=kwok") and "nodes with the label type=kwok: none; install kwok"):
        parser.error(str(problem))
    found: dict[str, Any] = {
        "machine": results.machine(),
        "keda": arguments("keda", "app=keda-operator"),
        "crossplane": arguments(settings.crossplane_namespace, "app=crossplane"),
        "growth": [],
        "rest": [],
        "edits": [],
    }
    with api() as connection, platform(settings) as measured, crowd(connection, settings, measured) as claims:
        meters, before = Meters(connection, measured), 0
        for total in sorted(options.claims):
            record(found, options.results, growth=phases.grow(claims, meters, before, total))
            record(found, options.results, rest=phases.rest(claims, meters, options.rest_seconds))
            record(found, options.results, edits=phases.edit(claims, meters, total, options.edit_seconds))
            before = total
    sys.stdout.write(results.table(verdicts(found)) + "\n")
    return 0


def arguments(namespace: str, selector: str) -> list[str]:
    """How a controller was started: how much it may do at once decides how long new claims wait for it."""
    found = find("deployments", namespace, selector)
    return [word for deployment in found for word in deployment["spec"]["template"]["spec"]["containers"][0].get("args", [])]


def record(found: dict[str, Any], file: Path, **figures: object) -> None:
    """Keeps and prints figures as soon as they are there: a step of a thousand claims takes long enough to be stopped."""
    for name, value in figures.items():
        found[name].append(value)
    file.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    sys.stdout.flush()


@contextmanager
def platform(settings: Settings) -> Iterator[Platform]:
    """A function and a Composition of the benchmark's own; the function does not read pods."""
    name = f"scale-{random.token_hex(3)}"
    made = Platform(name, own_function(settings, name))
    made.function.install(function_package(settings, "function-agents-tests", name))
    made.compose(diagnostics={"pods": False})
    try:
        yield made
    finally:
        made.delete_composition()
        made.function.delete()


@contextmanager
def crowd(connection: Api, settings: Settings, measured: Platform) -> Iterator[Crowd]:
    """Namespaces for claims, and a stream with a consumer."""
    queue = Queue(settings.nats_namespace, measured.name.upper(), "workers")
    queue.create()
    claims = Crowd(connection, measured.name, queue, measured.name)
    try:
        yield claims
    finally:
        for namespace in claims.namespaces:
            kubectl("-n", namespace, "delete", CLAIMS, "--all", "--wait=false", timeout_seconds=DELETE_SECONDS)
        wait_for("All claims are gone", lambda: not claims.items("claims"), timeout_seconds=DELETE_SECONDS)
        for namespace in claims.namespaces:
            kubectl("delete", "namespace", namespace, "--wait=false")
        queue.delete()


if __name__ == "__main__":
    raise SystemExit(main())

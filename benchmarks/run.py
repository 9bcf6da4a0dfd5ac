"""Measures the function beside its peers, prints a table and writes `benchmarks/results.json`.

    python -m benchmarks.run [--quick] [--results FILE] [--no-patch-and-transform]

Machines drift, so ours and the peers take turns: each round measures all of them, and medians over the rounds are compared. Ratios are
what counts. `--quick` shows that everything runs, and nothing else. function-patch-and-transform has to be there, or left out on purpose.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import image, results, wrapper
from benchmarks.measure import FULL, QUICK, Bench, Plan
from benchmarks.results import Measurement
from benchmarks.servers import patch_and_transform, programs
from tests.function.authority import Authority


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    parser.add_argument("--no-patch-and-transform", action="store_true")
    options = parser.parse_args()
    try:
        peer = "" if options.no_patch_and_transform else patch_and_transform()
    except LookupError as missing:
        parser.error(f"{missing}, or measure without it: --no-patch-and-transform")
    facts = results.machine()
    with bench(QUICK if options.quick else FULL, peer) as prepared:
        measurements = [*prepared.measure(), *([] if options.quick else image_size())]
    at_start = list(wrapper.measure(wrapper.QUICK_STARTS if options.quick else wrapper.STARTS))
    results.write(facts, measurements, options.results)
    results.add("wrapper", facts, at_start, options.results)
    sys.stdout.write(results.table([*measurements, *at_start]) + "\n")
    return 0


@contextmanager
def bench(plan: Plan, peer: str) -> Iterator[Bench]:
    """The bench with a folder of its own for requests and certificates; `peer` is function-patch-and-transform, or empty."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        certificates = folder / "certificates"
        certificates.mkdir()
        authority = Authority.new()
        authority.write_server(certificates)
        key, certificate = authority.issue()
        (certificates / "client.key").write_bytes(key)
        (certificates / "client.crt").write_bytes(certificate)
        yield Bench(plan, programs(peer), folder, certificates)


def image_size() -> list[Measurement]:
    """Compressing an image takes 10 s; without one in build/ there is nothing to say."""
    if not image.ARCHIVE.exists():
        return []
    own, base = image.sizes_mb()
    return [
        Measurement("image, compressed, over its base", own, "MB", "<= 60", own <= 60),
        Measurement("image's base, compressed", base, "MB"),
    ]


if __name__ == "__main__":
    raise SystemExit(main())

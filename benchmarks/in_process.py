"""Times a function without a network, bytes in and bytes out, and prints microseconds per call as JSON: a process of its own.

    python -m benchmarks.in_process ours|sdk OBSERVED CALLS

`cold` are specs that the process has never seen; `seen` is one claim asked about again, with another state of the cluster each time.
"""

import json
import sys
from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter

from benchmarks import crossplane
from benchmarks.servers import OURS, SERVER_CORE, pin

Answer = Callable[[bytes], bytes]

VERSIONS = 4
"""States of the cluster in which the one claim is asked about."""


def main() -> int:
    name, observed, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    answer = ours() if name == OURS else sdk()
    versions = [crossplane.request(observed, version=version) for version in range(VERSIONS)]
    unseen = list(crossplane.unseen(calls + VERSIONS, observed))
    pin(SERVER_CORE)
    timed(answer, [*versions, *unseen[:VERSIONS]])
    seen = timed(answer, (versions[index % VERSIONS] for index in range(calls)))
    cold = timed(answer, unseen[VERSIONS:])
    json.dump({"cold": median(cold), "seen": median(seen)}, sys.stdout)
    return 0


def timed(answer: Answer, requests: Iterable[bytes]) -> list[float]:
    """Microseconds of each call."""
    times = []
    for request in requests:
        started = perf_counter()
        answer(request)
        times.append((perf_counter() - started) * 1e6)
    return times


def ours() -> Answer:
    from zerotouch_function.protocol.memory import Memory
    from zerotouch_function.protocol.runner import Runner
    from zerotouch_function.registry import compose, refuse

    return Runner(compose, refuse, Memory()).run


def sdk() -> Answer:
    """The SDK's function, with the parsing and the writing that gRPC does for it."""
    import asyncio

    from crossplane.function import logging
    from crossplane.function.proto.v1 import run_function_pb2 as v1

    from benchmarks.peers.sdk.fn import FunctionRunner

    logging.configure(level=logging.Level.INFO)
    function = FunctionRunner()
    loop = asyncio.new_event_loop()

    def answer(request: bytes) -> bytes:
        message = v1.RunFunctionRequest.FromString(request)
        return loop.run_until_complete(function.RunFunction(message, None)).SerializeToString()  # type: ignore[arg-type]  # it reads no context

    return answer


if __name__ == "__main__":
    raise SystemExit(main())

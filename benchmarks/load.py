"""Sends requests to a server and prints how it answered, as JSON: the load generator, a process of its own.

    python -m benchmarks.load ADDRESS FOLDER --in-flight 8 --seconds 2 [--certificates FOLDER]

The folder holds requests, one in a file. All go over one connection, as Crossplane opens one for each pod of a function. Bytes go in and
out as they are, so that this process spends its time in gRPC alone.
"""

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from typing import Final, cast

import grpc

METHOD: Final = "/apiextensions.fn.proto.v1.FunctionRunnerService/RunFunction"
WARM_UP: Final = 0.2
"""Part of the time that is not counted."""

NO_LIMIT: Final = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]

Call = Callable[[bytes], bytes]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--certificates", type=Path)
    options = parser.parse_args()
    requests = [file.read_bytes() for file in sorted(options.folder.iterdir())]
    with channel(options.address, options.certificates) as connection:
        call = unary(connection)
        call(requests[0])
        json.dump(drive(call, requests, in_flight=options.in_flight, seconds=options.seconds), sys.stdout)
    return 0


def channel(address: str, certificates: Path | None = None) -> grpc.Channel:
    if certificates is None:
        return grpc.insecure_channel(address, options=NO_LIMIT)
    authority, key, certificate = ((certificates / name).read_bytes() for name in ("ca.crt", "client.key", "client.crt"))
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(authority, key, certificate), options=NO_LIMIT)


def unary(connection: grpc.Channel) -> Call:
    return cast("Call", connection.unary_unary(METHOD))


def drive(call: Call, requests: list[bytes], *, in_flight: int, seconds: float) -> dict[str, float]:
    """Keeps that many requests in flight for that time."""
    started = time.perf_counter()
    counted_from, end = started + seconds * WARM_UP, started + seconds
    latencies: list[list[float]] = [[] for _ in range(in_flight)]
    sent = [0] * in_flight

    def work(into: list[float], worker: int) -> None:
        sent_at = time.perf_counter()
        for request in cycle(requests[worker % len(requests) :] + requests[: worker % len(requests)]):
            call(request)
            answered_at = time.perf_counter()
            sent[worker] += 1
            if sent_at >= counted_from:
                into.append(answered_at - sent_at)
            if answered_at >= end:
                return
            sent_at = answered_at

    threads = [threading.Thread(target=work, args=(into, index)) for index, into in enumerate(latencies)]
    cpu = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = sorted(latency for into in latencies for latency in into) or [seconds]
    cuts = quantiles(counted, n=100) if len(counted) > 1 else [counted[0]] * 99
    return {
        "sent": sum(sent),
        "per_second": len(counted) / (time.perf_counter() - counted_from),
        "p50_us": cuts[49] * 1e6,
        "p99_us": cuts[98] * 1e6,
        "own_cpu_share": (time.process_time() - cpu) / (time.perf_counter() - started),
    }


if __name__ == "__main__":
    raise SystemExit(main())

"""Requests whose bytes are still arriving.

gRPC gives a call to a worker as soon as its headers are there, and the worker waits for the rest. Callers that stop half-way must not keep
every worker from the others, and gRPC itself waits for as long as such a caller is alive.
"""

from collections.abc import Iterator
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Final

import grpc

from zerotouch_function.serving.logs import Log

ARRIVAL_SECONDS: Final = 2
"""For a request's bytes, once every worker waits for some: whoever is behind them is answered within the 20 s that Crossplane waits."""

LOOK_SECONDS: Final = 0.5
"""Between two looks at what is arriving."""

log: Final = Log(__name__)


class Arrivals:
    """The requests that workers wait for; any thread may use it.

    Args:
        workers: How many there are.
        patience_seconds: For a request's bytes, once every worker waits for some.
    """

    def __init__(self, workers: int, patience_seconds: float = ARRIVAL_SECONDS) -> None:
        self._workers = workers
        self._patience_seconds = patience_seconds
        self._since: dict[grpc.ServicerContext, float] = {}
        self._lock = Lock()

    def receive(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes | None:
        """Waits for a call's request; None if the caller ends the call without one. Raises RpcError if the call is cancelled."""
        with self._lock:
            self._since[context] = monotonic()
        try:
            return next(requests, None)
        finally:
            with self._lock:
                del self._since[context]

    def watch(self) -> None:
        """Gives up, from a thread of its own, what takes too long, until the process ends."""
        Thread(target=self._watch, name="arrivals", daemon=True).start()

    def _watch(self) -> None:
        while True:
            sleep(LOOK_SECONDS)
            late = self._late()
            if late:
                log.warning("requests given up, for all workers wait", requests=len(late))
            for context in late:
                context.cancel()

    def _late(self) -> list[grpc.ServicerContext]:
        with self._lock:
            if len(self._since) < self._workers:
                return []
            return [context for context, since in self._since.items() if monotonic() - since > self._patience_seconds]

"""What operators count: requests, how they ended, and how long they took."""

from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)

from zerotouch_function.options import StartError, port_of

if TYPE_CHECKING:
    from zerotouch_function.runner import Outcome

BUCKETS_SECONDS: Final = (20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 100e-3)
"""From a spec that was seen before to hundreds of observed objects on a throttled processor."""


class Metrics:
    """The function's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._requests = Counter("function_requests", "Requests by kind and how they ended.", ["kind", "outcome"], registry=self.registry)
        self._seconds = Histogram(
            "function_request_duration_seconds", "From request to answer.", registry=self.registry, buckets=BUCKETS_SECONDS
        )
        self._in_flight = Gauge("function_requests_in_flight", "Requests that are being answered.", registry=self.registry)
        self._by_label: dict[tuple[str, str], Counter] = {}

    def begin(self) -> None:
        """Counts a request in."""
        self._in_flight.inc()

    def end(self, kind: str, outcome: "Outcome", seconds: float) -> None:
        """Counts a request out."""
        self._in_flight.dec()
        self._seconds.observe(seconds)
        counter = self._by_label.get((kind, outcome))  # finding it by its labels costs more than counting
        if counter is None:
            counter = self._by_label[kind, outcome] = self._requests.labels(kind=kind, outcome=outcome)
        counter.inc()

    def serve(self, address: str) -> None:
        """Answers Prometheus on any path of an address, from a thread of its own.

        Raises:
            StartError: The address cannot be listened on.
        """
        port = port_of(address, "--metrics-address")
        try:
            start_http_server(port, address.rpartition(":")[0].strip("[]"), registry=self.registry)
        except OSError as error:
            raise StartError(f"--metrics-address {address}", f"cannot be listened on: {error}", "free it, or choose another") from error

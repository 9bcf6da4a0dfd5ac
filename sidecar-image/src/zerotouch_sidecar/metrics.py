"""A small registry of metrics in Prometheus' text format.

Labels are bounded: a metric holds at most `MAX_SERIES` label sets and counts the rest under `other`: no client can make the sidecar grow.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

MAX_SERIES: Final = 256
"""Label sets of one metric."""

SECONDS_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""From a loopback call to a long completion."""

T = TypeVar("T")


class Metric(Generic[T]):
    """What all kinds share: a name, help, label names, and one value per set of label values."""

    kind = "untyped"

    def __init__(self, name: str, text: str, labels: tuple[str, ...]) -> None:
        self.name = name
        self.text = text
        self.labels = labels
        self._series: dict[tuple[str, ...], T] = {}

    def lines(self) -> Iterator[str]:
        """The metric as Prometheus reads it."""
        yield f"# HELP {self.name} {self.text}"
        yield f"# TYPE {self.name} {self.kind}"
        for values, value in self._series.items():
            yield from self._samples(values, value)

    def forget(self, *values: str) -> None:
        """Drops one series: what it spoke of is gone."""
        self._series.pop(values, None)

    def _key(self, values: tuple[str, ...]) -> tuple[str, ...]:
        if values in self._series or len(self._series) < MAX_SERIES:
            return values
        return ("other",) * len(self.labels)

    def _samples(self, values: tuple[str, ...], value: T) -> Iterator[str]:
        raise NotImplementedError

    def _named(self, values: tuple[str, ...], *more: tuple[str, str]) -> str:
        pairs = [*zip(self.labels, values, strict=True), *more]
        return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs) + "}" if pairs else ""


class Number(Metric[float]):
    """One number under each set of label values."""

    def value(self, *values: str) -> float:
        """The number under these label values."""
        return self._series.get(values, 0.0)

    def _samples(self, values: tuple[str, ...], value: float) -> Iterator[str]:
        yield f"{self.name}{self._named(values)} {value:.17g}"


class Counter(Number):
    """A number that only grows."""

    kind = "counter"

    def inc(self, *values: str, by: float = 1.0) -> None:
        """Adds to the series with these label values, in the order of the metric's labels."""
        series = self._series
        if values in series:
            series[values] += by
            return
        key = self._key(values)
        series[key] = series.get(key, 0.0) + by


class Gauge(Number):
    """A number as it is now."""

    kind = "gauge"

    def set(self, value: float, *values: str) -> None:
        """Sets the series with these label values."""
        self._series[self._key(values)] = value

    def inc(self, *values: str, by: float = 1.0) -> None:
        """Adds; a negative `by` takes away."""
        key = self._key(values)
        self._series[key] = self._series.get(key, 0.0) + by


class Histogram(Metric[list[float]]):
    """How often a number fell below each bound."""

    kind = "histogram"

    def __init__(self, name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...] = SECONDS_BUCKETS) -> None:
        super().__init__(name, text, labels)
        self.buckets = buckets

    def observe(self, value: float, *values: str) -> None:
        """Counts one number under these label values."""
        series = self._series.get(values)
        if series is None:
            series = self._series.setdefault(self._key(values), [0.0] * (len(self.buckets) + 2))
        series[bisect_left(self.buckets, value)] += 1
        series[-1] += value

    def _samples(self, values: tuple[str, ...], value: list[float]) -> Iterator[str]:
        total = 0.0
        for bound, count in zip((*self.buckets, float("inf")), value[:-1], strict=True):
            total += count
            le = "+Inf" if bound == float("inf") else f"{bound:g}"
            yield f"{self.name}_bucket{self._named(values, ('le', le))} {total:.17g}"
        yield f"{self.name}_sum{self._named(values)} {value[-1]:.17g}"
        yield f"{self.name}_count{self._named(values)} {total:.17g}"


M = TypeVar("M", Counter, Gauge, Histogram)


class Registry:
    """All metrics of one sidecar. A part asks for its metrics once and keeps them."""

    def __init__(self) -> None:
        self._metrics: dict[str, Metric[float] | Metric[list[float]]] = {}
        self._before: list[Callable[[], None]] = []

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """A new counter; its name ends in `_total`."""
        return self._added(Counter(name, text, labels))

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A new gauge."""
        return self._added(Gauge(name, text, labels))

    def histogram(self, name: str, text: str, *labels: str, buckets: tuple[float, ...] = SECONDS_BUCKETS) -> Histogram:
        """A new histogram; its name ends in a unit."""
        return self._added(Histogram(name, text, labels, buckets))

    def before_text(self, action: Callable[[], None]) -> None:
        """Calls this before each reading: for gauges that nobody sets as they change."""
        self._before.append(action)

    def text(self) -> str:
        """Everything, as Prometheus reads it."""
        for action in self._before:
            action()
        return "\n".join(line for metric in self._metrics.values() for line in metric.lines()) + "\n"

    def _added(self, metric: M) -> M:
        if metric.name in self._metrics:
            raise ValueError(f"metric {metric.name} exists already")
        self._metrics[metric.name] = metric
        return metric


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')

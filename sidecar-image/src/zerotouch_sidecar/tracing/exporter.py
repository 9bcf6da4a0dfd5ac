"""Sends finished spans to a collector, as OTLP over HTTP in JSON: in batches, a bounded number, and never in the way of a request."""

import asyncio
import json
import logging
import time
from collections import deque
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from zerotouch_sidecar import VERSION
from zerotouch_sidecar.config.structs import Tracing
from zerotouch_sidecar.http.errors import HttpError
from zerotouch_sidecar.http.limits import Timeouts
from zerotouch_sidecar.http.upstream import Upstream
from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.tracing.span import Kind, Span, begin

log = logging.getLogger(__name__)

WAITING_SPANS: Final = 2048
"""More than this wait for a collector that does not answer: the oldest are dropped."""

AWAY: Final = {0, 429, 502, 503, 504}
"""No answer, and those after which OTLP says to try again: https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes"""

BATCH_SPANS: Final = 512
BATCH_SECONDS: Final = 2.0
TIMEOUTS: Final = Timeouts(connect_seconds=2.0, first_byte_seconds=5.0, idle_seconds=5.0)
ANSWER_BYTES: Final = 64 * 1024


class Tracer:
    """Makes spans, and tells the sampled ones to the collector that is configured."""

    def __init__(self, agent: str, namespace: str, pod: str, registry: Registry) -> None:
        self._resource = {"service.name": agent, "service.namespace": namespace, "service.instance.id": pod, "service.version": VERSION}
        self._spans: deque[Span] = deque()
        self._due = asyncio.Event()
        self._tracing = Tracing()
        self._collector: Upstream | None = None
        self._dropped = registry.counter("agent_spans_dropped_total", "Spans that no collector took.")
        self._exported = registry.counter("agent_spans_exported_total", "Spans that the collector took.")

    async def reconfigure(self, tracing: Tracing) -> None:
        """Uses another collector, or none."""
        if tracing == self._tracing:
            return
        old, self._collector = self._collector, None
        self._tracing = tracing
        if tracing.endpoint:
            parts = urlsplit(tracing.endpoint)
            self._collector = await asyncio.to_thread(Upstream, f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}")
        if old is not None:
            await old.close()

    @property
    def is_on(self) -> bool:
        """Whether there is a collector, so that spans of ours exist for others to be below."""
        return self._collector is not None

    def begin(self, name: str, kind: Kind, traceparent: bytes | None) -> Span:
        """A span that begins now. Cheap when nothing is exported."""
        return begin(name, kind, traceparent, self._tracing.sample_ratio if self.is_on else 0.0)

    def end(self, span: Span) -> None:
        """Ends a span."""
        if not span.is_sampled or self._collector is None:
            return
        span.end_ns = time.time_ns()
        if len(self._spans) >= WAITING_SPANS:
            self._spans.popleft()
            self._dropped.inc()
        self._spans.append(span)
        if len(self._spans) == BATCH_SPANS:  # not again with each one that waits for a collector that is away
            self._due.set()

    async def run(self) -> None:
        """Sends batches for ever."""
        while True:
            try:
                async with asyncio.timeout(BATCH_SECONDS):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            await self.flush()

    async def flush(self) -> None:
        """Sends what waits."""
        while self._spans and self._collector is not None:
            batch = [self._spans.popleft() for _ in range(min(BATCH_SPANS, len(self._spans)))]
            status = await self._send(self._collector, batch)
            if status in AWAY:
                self._wait_again(batch)
                return
            taken = 200 <= status < 300
            (self._exported if taken else self._dropped).inc(by=len(batch))

    async def close(self) -> None:
        """Sends what waits, and lets go of the collector."""
        await self.flush()
        if self._collector is not None:
            await self._collector.close()

    def _wait_again(self, batch: list[Span]) -> None:
        """Puts the newest of them back, as many as there is room for."""
        kept = batch[max(0, len(batch) + len(self._spans) - WAITING_SPANS) :]
        self._spans.extendleft(reversed(kept))
        self._dropped.inc(by=len(batch) - len(kept))

    async def _send(self, collector: Upstream, batch: list[Span]) -> int:
        """Returns the status of the answer; 0: there is none."""
        body = json.dumps(document(self._resource, batch)).encode()
        try:
            answer = await collector.request(
                b"POST", b"/v1/traces", [(b"content-type", b"application/json")], body, TIMEOUTS, is_repeatable=True
            )
        except HttpError as error:
            log.debug("spans were not taken", extra={"problem": str(error)})
            return 0
        try:
            with suppress(HttpError):  # the status says it all
                await answer.read(ANSWER_BYTES)
        finally:
            answer.close()
        return answer.status


def document(resource: dict[str, str], spans: list[Span]) -> dict[str, Any]:
    """An ExportTraceServiceRequest."""
    scope = {"scope": {"name": "zerotouch-sidecar", "version": VERSION}, "spans": [_span(span) for span in spans]}
    return {"resourceSpans": [{"resource": {"attributes": _attributes(dict(resource))}, "scopeSpans": [scope]}]}


def _span(span: Span) -> dict[str, Any]:
    told: dict[str, Any] = {
        "traceId": span.trace_id.decode(),
        "spanId": span.span_id.decode(),
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _attributes({**span.attributes, **({"error.type": span.error} if span.error else {})}),
    }
    if span.parent_id:
        told["parentSpanId"] = span.parent_id.decode()
    if span.error:
        told["status"] = {"code": 2}
    return told


def _attributes(values: dict[str, str | int | float] | dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value != ""]


def _value(value: str | float) -> dict[str, Any]:
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}

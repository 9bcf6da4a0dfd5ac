"""What is seen from outside: metrics that stay bounded, spans that reach a collector, logs that hold what was given and nothing else."""

import json
import logging
import re
import sys
from typing import Any

import pytest

from tests.sidecar.agents import configuration
from tests.sidecar.loops import LOOPBACK, connected, echo, run, serving
from zerotouch_sidecar.config.structs import Tracing
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.ingress.figures import Figures
from zerotouch_sidecar.ingress.proxy import Ingress
from zerotouch_sidecar.local.reports import Reports
from zerotouch_sidecar.local.router import LocalApi
from zerotouch_sidecar.logs import JsonLines
from zerotouch_sidecar.metrics import MAX_SERIES, Registry
from zerotouch_sidecar.plugins.hooks import Hooks
from zerotouch_sidecar.tracing.exporter import WAITING_SPANS, Tracer
from zerotouch_sidecar.tracing.span import Kind

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n%s\r\n"


def test_metrics_are_written_as_prometheus_reads_them() -> None:
    registry = Registry()
    registry.counter("a_total", "Counts.", "name").inc('quote " slash \\ line \n', by=2)
    registry.gauge("b", "Is.").set(0.5)
    histogram = registry.histogram("c_seconds", "Took.", "way", buckets=(0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 5):
        histogram.observe(value, "in")
    assert registry.text().splitlines() == [
        "# HELP a_total Counts.",
        "# TYPE a_total counter",
        'a_total{name="quote \\" slash \\\\ line \\n"} 2',
        "# HELP b Is.",
        "# TYPE b gauge",
        "b 0.5",
        "# HELP c_seconds Took.",
        "# TYPE c_seconds histogram",
        'c_seconds_bucket{way="in",le="0.1"} 2',
        'c_seconds_bucket{way="in",le="1"} 3',
        'c_seconds_bucket{way="in",le="+Inf"} 4',
        'c_seconds_sum{way="in"} 5.6500000000000004',
        'c_seconds_count{way="in"} 4',
    ]


def test_no_number_of_label_values_makes_a_metric_grow_for_ever() -> None:
    registry = Registry()
    counter, histogram = registry.counter("a_total", "Counts.", "name"), registry.histogram("b_seconds", "Took.", "name")
    for number in range(10 * MAX_SERIES):
        counter.inc(str(number))
        histogram.observe(1, str(number))
    assert counter.value("other") == 9 * MAX_SERIES
    assert registry.text().count("a_total{") == MAX_SERIES + 1
    assert registry.text().count("b_seconds_count{") == MAX_SERIES + 1


def test_one_name_is_one_metric() -> None:
    registry = Registry()
    registry.counter("a_total", "Counts.")
    with pytest.raises(ValueError, match="a_total exists already"):
        registry.gauge("a_total", "Counts.")


class Collector:
    """Takes spans."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []
        self.status = 200

    async def handle(self, request: Request, responder: Responder) -> None:
        assert (request.method, request.path, request.header(b"content-type")) == (b"POST", b"/v1/traces", b"application/json")
        self.documents.append(json.loads(await request.body.read(2**20)))
        await responder.send(self.status, [], b"{}")

    @property
    def spans(self) -> list[dict[str, Any]]:
        return [
            span for each in self.documents for found in each["resourceSpans"] for scope in found["scopeSpans"] for span in scope["spans"]
        ]


def test_a_sampled_request_becomes_a_span_below_its_callers() -> None:
    collector, registry, seen = Collector(), Registry(), []
    trace, parent = b"4bf92f3577b34da6a3ce929d0e0e4736", b"00f067aa0ba902b7"

    async def agent(request: Request, responder: Responder) -> None:
        seen.append((request.header(b"traceparent") or b"", request.header(b"tracestate")))
        await responder.send(200, [])

    async def work() -> None:
        async with serving(collector.handle) as collecting, serving(agent) as server:
            tracer = Tracer("researcher", "ns", "researcher-0", registry)
            await tracer.reconfigure(Tracing(endpoint=f"http://{LOOPBACK}:{collecting.port}", sample_ratio=0.0))
            proxy = Ingress(configuration(server.port), Hooks([], registry), tracer, Figures(registry))
            async with serving(proxy.handle) as front, connected(front.port) as client:
                for header in (
                    b"",
                    b"traceparent: 00-" + trace + b"-" + parent + b"-01\r\ntracestate: a=b\r\n",
                    b"traceparent: 00-" + trace + b"-" + parent + b"-00\r\n",
                    b"traceparent: 00-0-0-00\r\ntracestate: a=b\r\n",
                ):
                    await client.send(GET % header)
                    await client.answer()
            await tracer.flush()
            await tracer.close()
            await proxy.close()

    run(work())
    (span,) = collector.spans
    assert (span["traceId"], span["parentSpanId"], span["kind"]) == (trace.decode(), parent.decode(), Kind.SERVER)
    new, below, unsampled, damaged = seen
    assert below == (b"00-%b-%b-01" % (trace, span["spanId"].encode()), b"a=b")
    assert re.fullmatch(b"00-%b-[0-9a-f]{16}-00" % trace, unsampled[0])
    for parent_told, state in (new, damaged):
        assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-00", parent_told)
        assert state is None, "a trace that begins here has none"
    attributes = {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}
    assert attributes["http.request.method"] == "GET"
    assert (attributes["url.path"], attributes["http.response.status_code"]) == ("/a", "200")
    assert int(span["endTimeUnixNano"]) > int(span["startTimeUnixNano"])
    (resource,) = [each["resource"] for each in collector.documents[0]["resourceSpans"]]
    assert {"key": "service.name", "value": {"stringValue": "researcher"}} in resource["attributes"]


class Answering:
    """Model calls that are answered at once."""

    def owns(self, path: bytes) -> bool:
        return path.startswith(b"/openai/")

    async def handle(self, request: Request, responder: Responder) -> None:
        request.notes["gen_ai.request.model"] = "default"
        await responder.send(200, [], b"{}")


def test_a_model_call_becomes_a_span_of_the_agents_trace() -> None:
    collector, registry = Collector(), Registry()
    trace = b"4bf92f3577b34da6a3ce929d0e0e4736"

    async def work() -> None:
        async with serving(collector.handle) as collecting:
            tracer = Tracer("researcher", "ns", "researcher-0", registry)
            await tracer.reconfigure(Tracing(endpoint=f"http://{LOOPBACK}:{collecting.port}"))
            local = LocalApi("token", Answering(), Reports(None, registry), Hooks([], registry), tracer)
            async with serving(local.handle) as server, connected(server.port) as client:
                headers = (
                    b"traceparent: 00-" + trace + b"-00f067aa0ba902b7-01\r\nX-Agent-Request-Id: order-7\r\nAuthorization: Bearer token\r\n"
                )
                await client.send(b"POST /openai/v1/chat/completions?q=1 HTTP/1.1\r\nHost: a\r\n%bContent-Length: 0\r\n\r\n" % headers)
                await client.answer()
            await tracer.close()

    run(work())
    (span,) = collector.spans
    attributes = {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}
    assert (span["traceId"], span["kind"]) == (trace.decode(), Kind.CLIENT)
    assert (attributes["gen_ai.request.model"], attributes["agent.request.id"]) == ("default", "order-7")
    assert attributes["url.path"] == "/openai/v1/chat/completions"


@pytest.mark.parametrize("ratio, want", [(0.0, 0), (1.0, 20)])
def test_requests_without_a_trace_are_sampled_by_ratio(ratio: float, want: int) -> None:
    collector, registry = Collector(), Registry()

    async def work() -> None:
        async with serving(collector.handle) as collecting:
            tracer = Tracer("researcher", "", "", registry)
            await tracer.reconfigure(Tracing(endpoint=f"http://{LOOPBACK}:{collecting.port}", sample_ratio=ratio))
            for _ in range(20):
                tracer.end(tracer.begin("x", Kind.CLIENT, None))
            await tracer.close()

    run(work())
    assert len(collector.spans) == want


def test_spans_wait_for_a_collector_that_is_away_the_newest_of_them() -> None:
    registry, collector = Registry(), Collector()

    async def work() -> None:
        async with serving(echo) as server:
            nobody = server.port
        async with serving(collector.handle) as collecting:
            tracer = Tracer("researcher", "", "", registry)
            await tracer.reconfigure(Tracing(endpoint=f"http://{LOOPBACK}:{nobody}", sample_ratio=1.0))
            for number in range(WAITING_SPANS + 100):
                tracer.end(tracer.begin(str(number), Kind.CLIENT, None))
            await tracer.flush()
            await tracer.reconfigure(Tracing(endpoint=f"http://{LOOPBACK}:{collecting.port}", sample_ratio=1.0))
            collector.status = 503
            await tracer.flush()
            collector.documents.clear()
            collector.status = 200
            await tracer.flush()
            await tracer.close()

    run(work())
    assert [span["name"] for span in collector.spans] == [str(number) for number in range(100, WAITING_SPANS + 100)]
    assert "agent_spans_dropped_total 100\n" in registry.text()
    assert f"agent_spans_exported_total {WAITING_SPANS}\n" in registry.text()


def test_spans_that_end_while_a_collector_is_asked_in_vain_take_the_place_of_the_oldest() -> None:
    registry, collector = Registry(), Collector()

    async def work() -> None:
        tracer = Tracer("researcher", "", "", registry)

        async def busy(request: Request, responder: Responder) -> None:
            for _ in range(WAITING_SPANS if collector.status == 503 else 0):
                tracer.end(tracer.begin("new", Kind.CLIENT, None))
            await collector.handle(request, responder)

        async with serving(busy) as collecting:
            await tracer.reconfigure(Tracing(endpoint=f"http://{LOOPBACK}:{collecting.port}", sample_ratio=1.0))
            tracer.end(tracer.begin("old", Kind.CLIENT, None))
            collector.status = 503
            await tracer.flush()
            collector.documents.clear()
            collector.status = 200
            await tracer.close()

    run(work())
    assert {span["name"] for span in collector.spans} == {"new"}
    assert "agent_spans_dropped_total 1\n" in registry.text()


def test_spans_that_a_collector_refuses_are_gone() -> None:
    registry, collector = Registry(), Collector()
    collector.status = 400

    async def work() -> None:
        async with serving(collector.handle) as collecting:
            tracer = Tracer("researcher", "", "", registry)
            await tracer.reconfigure(Tracing(endpoint=f"http://{LOOPBACK}:{collecting.port}", sample_ratio=1.0))
            tracer.end(tracer.begin("x", Kind.CLIENT, None))
            await tracer.close()

    run(work())
    assert len(collector.spans) == 1
    assert "agent_spans_dropped_total 1\n" in registry.text()


def test_without_a_collector_nothing_is_kept() -> None:
    async def work() -> None:
        tracer = Tracer("researcher", "", "", Registry())
        span = tracer.begin("x", Kind.SERVER, b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        tracer.end(span)
        assert span.traceparent.endswith(b"-01")
        assert not tracer._spans

    run(work())


@pytest.mark.parametrize(
    "given", [b"", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", b"ff-x", b"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"]
)
def test_a_damaged_trace_is_replaced(given: bytes) -> None:
    async def work() -> bytes:
        return Tracer("researcher", "", "", Registry()).begin("x", Kind.SERVER, given).traceparent

    assert re.fullmatch(rb"00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00", run(work()))


def test_a_log_line_is_one_json_object_with_what_was_given() -> None:
    record = logging.LogRecord("zerotouch_sidecar.x", logging.ERROR, "", 1, "it\nhappened", (), None)
    record.port = 8080
    try:
        raise ValueError("why")
    except ValueError:
        record.exc_info = sys.exc_info()
    line = JsonLines().format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["event"], told["port"]) == ("error", "it\nhappened", 8080)
    assert "ValueError: why" in told["exception"]

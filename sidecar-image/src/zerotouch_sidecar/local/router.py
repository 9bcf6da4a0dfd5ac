"""The local API: the agent shows the pod's token, and reaches models and the wrapper's report."""

import time
from typing import Final, Protocol

from zerotouch_contract import headers as names
from zerotouch_contract import routes
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.http.problem import HEADERS, problem
from zerotouch_sidecar.local.reports import Reports, parse
from zerotouch_sidecar.local.token import shows
from zerotouch_sidecar.plugins.hooks import Exchange, Hooks, Outcome
from zerotouch_sidecar.tracing.exporter import Tracer
from zerotouch_sidecar.tracing.span import Kind

REPORT_BYTES: Final = 16 * 1024
_REPORT: Final = routes.WRAPPER_REPORT.encode()
_TRACE_PARENT: Final = names.TRACE_PARENT.encode()
_REQUEST_ID: Final = names.REQUEST_ID.encode()


class ModelCalls(Protocol):
    """What answers model calls; it looks at the token itself, since a refusal has the surface's own shape."""

    def owns(self, path: bytes) -> bool:
        """Whether a path is one of its."""

    async def handle(self, request: Request, responder: Responder) -> None:
        """Answers one request."""


class LocalApi:
    """The handler of the loopback listener."""

    def __init__(self, token: str, models: ModelCalls, reports: Reports, hooks: Hooks, tracer: Tracer) -> None:
        self._token = token
        self._models = models
        self._reports = reports
        self._hooks = hooks
        self._tracer = tracer

    async def handle(self, request: Request, responder: Responder) -> None:
        """Answers one request."""
        path = request.path
        if self._models.owns(path):
            await self._model_call(request, responder)
        elif not shows(request, self._token):
            await _say(responder, 401, "show the pod's token as a bearer token: the agent has it in AGENT_TOKEN")
        elif path != _REPORT:
            await _say(responder, 404, "nothing is served here; models are below /openai/v1 and /anthropic")
        elif request.method != b"POST":
            await _say(responder, 405, "the wrapper's report is a POST")
        else:
            await self._report(request, responder)

    async def _report(self, request: Request, responder: Responder) -> None:
        try:
            report = parse(await request.body.read(REPORT_BYTES))
        except ValueError as error:
            await _say(responder, 400, f"this is no report: {error}")
            return
        await self._reports.add(report)
        await responder.send(204, [])

    async def _model_call(self, request: Request, responder: Responder) -> None:
        span = self._tracer.begin("model call", Kind.CLIENT, request.header(_TRACE_PARENT))
        is_plain = not self._hooks and not span.is_sampled
        if is_plain or not shows(request, self._token):  # strangers are refused before a hook learns of them
            await self._models.handle(request, responder)
            return
        request_id = (request.header(_REQUEST_ID) or b"").decode("latin-1")
        exchange = Exchange("models", request_id, request.method.decode(), request.target.decode("latin-1"), request.peer, request.headers)
        started = time.perf_counter()
        try:
            refusal = await self._hooks.before(exchange)
            if refusal is None:
                await self._models.handle(request, responder)
            else:
                await _say(responder, refusal.status, refusal.detail)
        finally:
            span.attributes = {
                "url.path": exchange.target.partition("?")[0][:256],
                "http.response.status_code": responder.status,
                "agent.request.id": request_id,
                **request.notes,
            }
            if not responder.finished:
                span.error = "client_gone" if responder.gone else "incomplete"
            self._tracer.end(span)
            await self._hooks.after(exchange, Outcome(responder.status, responder.finished, time.perf_counter() - started))


async def _say(responder: Responder, status: int, detail: str) -> None:
    await responder.send(status, HEADERS, problem(status, detail))

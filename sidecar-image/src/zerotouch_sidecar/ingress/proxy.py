"""Passes each request to the agent and its answer back, as they come."""

import logging
import sys
import time
from typing import Final

from zerotouch_sidecar.config.structs import Configuration
from zerotouch_sidecar.http.errors import BadRequest, ClientGone, ConnectError, FirstByteTimeout, IdleTimeout, UpstreamError
from zerotouch_sidecar.http.limits import Timeouts, UpstreamLimits
from zerotouch_sidecar.http.message import Headers, Request, Responder
from zerotouch_sidecar.http.problem import HEADERS, MISTAKE, problem
from zerotouch_sidecar.http.upstream import Upstream, UpstreamResponse
from zerotouch_sidecar.ingress import card, headers, tunnel
from zerotouch_sidecar.ingress.figures import Figures
from zerotouch_sidecar.plugins.hooks import Exchange, Hooks, Outcome
from zerotouch_sidecar.tracing.exporter import Tracer
from zerotouch_sidecar.tracing.span import Kind, Span

log = logging.getLogger(__name__)

KEPT_SECONDS: Final = 1.5
"""How long a connection to the agent may wait for its next request. The servers that we know of keep it longer (gunicorn 2 s, uvicorn and
Node 5 s), so that a request that must not be sent twice never meets its end."""

CONNECT_SECONDS: Final = 5.0
MAX_PATH: Final = 256
"""Characters of a path that a span keeps."""


class Ingress:
    """The handler of the way in."""

    def __init__(self, configuration: Configuration, hooks: Hooks, tracer: Tracer, figures: Figures) -> None:
        self._hooks = hooks
        self._tracer = tracer
        self._figures = figures
        self._use(configuration)

    async def reconfigure(self, configuration: Configuration) -> None:
        """Passes new requests on as another configuration says; those under way end as they began."""
        old = self._agent
        self._use(configuration)
        await old.close()

    async def close(self) -> None:
        """Lets go of the connections to the agent."""
        await self._agent.close()

    def _use(self, configuration: Configuration) -> None:
        agent, ingress = configuration.agent, configuration.ingress
        self._agent = Upstream(
            f"http://127.0.0.1:{agent.port}", limits=UpstreamLimits(kept_connections=ingress.max_connections, kept_seconds=KEPT_SECONDS)
        )
        self._timeouts = Timeouts(CONNECT_SECONDS, ingress.idle_timeout_seconds, ingress.idle_timeout_seconds)
        self._card = card.CardAnswer(agent.card) if agent.card is not None else None

    async def handle(self, request: Request, responder: Responder) -> None:
        """Answers one request."""
        started = time.perf_counter()
        request_id = headers.request_id(request)
        span = self._tracer.begin("ingress", Kind.SERVER, request.header(headers.TRACE_PARENT))
        passed = headers.to_agent(request, request_id, span if self._tracer.is_on else None)
        exchange = Exchange("ingress", request_id.decode(), request.method.decode(), request.target.decode("latin-1"), request.peer, passed)
        self._figures.active.inc()
        try:
            await self._checked(request, responder, exchange)
        except UpstreamError as error:
            span.error = error.kind
            await _failed(responder, error, request_id)
        except BadRequest as bad:
            await _say(responder, bad.status, bad.problem, [(headers.REQUEST_ID, request_id)])
        except ClientGone:
            raise
        except Exception:  # ours, or a hook's that left a header of another form: answered here, so that it is counted
            log.exception("a request could not be passed on")
            span.error = "mistake"
            await _say(responder, 500, MISTAKE, [(headers.REQUEST_ID, request_id)])
        finally:
            seconds = time.perf_counter() - started
            self._figures.ended(exchange.method, responder, seconds)
            self._told(span, exchange, responder)
            if self._hooks:
                await self._hooks.after(exchange, Outcome(responder.status, responder.finished, seconds))

    async def _checked(self, request: Request, responder: Responder, exchange: Exchange) -> None:
        if self._hooks:
            refusal = await self._hooks.before(exchange)
            if refusal is not None:
                await _say(responder, refusal.status, refusal.detail, [(headers.REQUEST_ID, exchange.request_id.encode())])
                return
        await self._passed(request, responder, exchange)

    async def _passed(self, request: Request, responder: Responder, exchange: Exchange) -> None:
        request_id = exchange.request_id.encode()
        is_here = request.body.is_complete
        response = await self._agent.request(
            request.method,
            request.target,
            exchange.headers,
            await request.body.read(sys.maxsize) if is_here else request.body,
            self._timeouts,
            asks_upgrade=request.is_upgrade,
        )
        try:
            if (
                self._card is not None
                and response.status in card.ABSENT
                and request.path == card.PATH
                and request.method in (b"GET", b"HEAD")
            ):
                await self._card.send(request, responder, [(headers.REQUEST_ID, request_id)])
            else:
                await _copied(request, responder, response, headers.to_client(response.headers, request_id))
        finally:
            response.close()

    def _told(self, span: Span, exchange: Exchange, responder: Responder) -> None:
        if not span.is_sampled:
            return
        span.name = exchange.method
        span.attributes = {
            "http.request.method": exchange.method,
            "url.path": exchange.target.partition("?")[0][:MAX_PATH],
            "http.response.status_code": responder.status,
            "client.address": exchange.peer,
            "agent.request.id": exchange.request_id,
        }
        if not span.error and not responder.finished:
            span.error = "client_gone" if responder.gone else "incomplete"
        self._tracer.end(span)


async def _copied(request: Request, responder: Responder, response: UpstreamResponse, passed: Headers) -> None:
    if response.is_tunnel:
        await responder.switch(passed)
        await tunnel.carry(request, responder, response)
        return
    await responder.start(response.status, passed)
    async for chunk in response.chunks():
        await responder.write(chunk)
    await responder.end()


async def _failed(responder: Responder, error: UpstreamError, request_id: bytes) -> None:
    """Says why the agent did not answer."""
    status, detail = 502, f"the agent's answer cannot be used: {error}"
    more: Headers = [(headers.REQUEST_ID, request_id)]
    if isinstance(error, ConnectError):
        status, detail = 503, f"the agent cannot be reached: {error}"
        more.append((b"retry-after", b"1"))
        responder.keeps_alive = False  # the agent may have ended: on a new connection the client reaches another one
    elif isinstance(error, FirstByteTimeout | IdleTimeout):
        status, detail = 504, f"the agent did not answer: {error}"
    await _say(responder, status, detail, more)


async def _say(responder: Responder, status: int, detail: str, more: Headers) -> None:
    """Says what is wrong, if the client was told nothing yet; else it must not take the answer for whole."""
    if responder.started or responder.gone:
        responder.abort()
        return
    await responder.send(status, [*HEADERS, *more], problem(status, detail))

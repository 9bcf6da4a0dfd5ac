"""The ops port: /healthz, /readyz, /metrics and /_agent/info."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from zerotouch_contract import routes
from zerotouch_sidecar.http.message import Headers, Request, Responder
from zerotouch_sidecar.http.problem import HEADERS, problem
from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.ops.readiness import Readiness

TEXT: Final[Headers] = [(b"content-type", b"text/plain; charset=utf-8")]
METRICS: Final[Headers] = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]
JSON: Final[Headers] = [(b"content-type", b"application/json")]


class Ops:
    """The handler of the ops port."""

    def __init__(self, readiness: Readiness, registry: Registry, info: Callable[[], dict[str, Any]]) -> None:
        self._readiness = readiness
        self._registry = registry
        self._info = info

    async def handle(self, request: Request, responder: Responder) -> None:
        """Answers one request."""
        path = request.path.decode("latin-1")
        if request.method not in (b"GET", b"HEAD"):
            await responder.send(405, [*HEADERS, (b"allow", b"GET, HEAD")], problem(405, "this port is read only"))
        elif path == routes.HEALTHZ:
            await responder.send(200, TEXT, b"ok\n")
        elif path == routes.READYZ:
            await self._ready(responder)
        elif path == routes.METRICS:
            await responder.send(200, METRICS, self._registry.text().encode())
        elif path == routes.INFO:
            await responder.send(200, JSON, msgspec.json.format(msgspec.json.encode(self._info()), indent=2) + b"\n")
        else:
            known = ", ".join((routes.HEALTHZ, routes.READYZ, routes.METRICS, routes.INFO))
            await responder.send(404, HEADERS, problem(404, f"served here: {known}"))

    async def _ready(self, responder: Responder) -> None:
        why_not = await self._readiness.problem()
        if why_not:
            await responder.send(503, HEADERS, problem(503, why_not))
        else:
            await responder.send(200, TEXT, b"ready\n")

"""Agents that stand behind the ingress in tests, and the ingress in front of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.sidecar.loops import serving
from zerotouch_sidecar.config.structs import Agent, Card, Configuration, Ingress
from zerotouch_sidecar.http.limits import ServerLimits
from zerotouch_sidecar.http.listener import Handler
from zerotouch_sidecar.http.server import Server
from zerotouch_sidecar.ingress.figures import Figures
from zerotouch_sidecar.ingress.proxy import Ingress as IngressProxy
from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.plugins.hooks import Hook, Hooks
from zerotouch_sidecar.tracing.exporter import Tracer

GET = b"GET /a?b=c HTTP/1.1\r\nHost: researcher:8080\r\n%s\r\n"
"""A request to the agent, with a place for more headers."""


@dataclass
class Front:
    """An ingress that is being served."""

    server: Server
    proxy: IngressProxy
    registry: Registry

    @property
    def port(self) -> int:
        return self.server.port


def configuration(port: int, *, card: Card | None = None, idle_seconds: float = 600) -> Configuration:
    return Configuration(
        schema_version=1,
        agent=Agent(name="researcher", namespace="ns", port=port, card=card),
        ingress=Ingress(idle_timeout_seconds=idle_seconds),
    )


@asynccontextmanager
async def fronting(
    port: int, *, card: Card | None = None, idle_seconds: float = 600, hooks: Sequence[tuple[str, Hook]] = ()
) -> AsyncIterator[Front]:
    """The ingress in front of an agent's port."""
    registry = Registry()
    tracer = Tracer("researcher", "ns", "pod", registry)
    settings = configuration(port, card=card, idle_seconds=idle_seconds)
    proxy = IngressProxy(settings, Hooks(hooks, registry), tracer, Figures(registry))
    async with serving(proxy.handle, ServerLimits(idle_seconds=idle_seconds)) as server:
        yield Front(server, proxy, registry)
    await proxy.close()


@asynccontextmanager
async def agent(handler: Handler, *, card: Card | None = None) -> AsyncIterator[Front]:
    """An agent of ours behind the ingress."""
    async with serving(handler) as server, fronting(server.port, card=card) as front:
        yield front

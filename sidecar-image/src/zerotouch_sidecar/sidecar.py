"""The sidecar as a whole: its parts, how they are configured again together, and how it ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from zerotouch_sidecar import VERSION
from zerotouch_sidecar.config.load import Loaded
from zerotouch_sidecar.config.structs import Configuration
from zerotouch_sidecar.config.watch import Watch
from zerotouch_sidecar.errors import StartError
from zerotouch_sidecar.http.limits import ServerLimits
from zerotouch_sidecar.http.listener import Handler
from zerotouch_sidecar.http.server import Server, serve
from zerotouch_sidecar.ingress.figures import Figures
from zerotouch_sidecar.ingress.proxy import Ingress
from zerotouch_sidecar.local.reports import Reports
from zerotouch_sidecar.local.router import LocalApi
from zerotouch_sidecar.logs import configure_logs
from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.models.service import Models
from zerotouch_sidecar.ops.process import watch_process
from zerotouch_sidecar.ops.readiness import Readiness
from zerotouch_sidecar.ops.router import Ops
from zerotouch_sidecar.options import Address, Options
from zerotouch_sidecar.plugins.hooks import load_hooks
from zerotouch_sidecar.tracing.exporter import Tracer

log = logging.getLogger(__name__)

LOCAL_LIMITS: Final = ServerLimits(connections=4096, header_bytes=256 * 1024)
"""The agent alone calls; its SDKs keep many connections."""

OPS_LIMITS: Final = ServerLimits(connections=64, body_bytes=4096, header_bytes=16 * 1024, idle_seconds=60.0)
CLOSING_SECONDS: Final = 5.0
"""For budgets, spans and connections, once no request is left."""


class Sidecar:
    """All parts, made from one configuration.

    Raises:
        SidecarError: A part cannot be made from it.
    """

    def __init__(self, options: Options, loaded: Loaded) -> None:
        configuration = loaded.configuration
        agent = configuration.agent
        self.registry = Registry()
        self._options = options
        self._hooks = load_hooks(self.registry)
        self._tracer = Tracer(agent.name, agent.namespace, options.pod, self.registry)
        self._reports = Reports(options.state, self.registry)
        self._readiness = Readiness(configuration, self._reports, self.registry)
        self._models = Models(configuration, self.registry, token=options.token, pod=options.pod)
        self._ingress = Ingress(configuration, self._hooks, self._tracer, Figures(self.registry))
        self._watch = Watch(options.config, loaded, self._apply, self.registry)
        self._servers: dict[str, Server] = {}
        self._refused = self.registry.counter(
            "agent_http_refused_total",
            "Requests and connections that were refused unread: damaged, too large, too slow, too many.",
            "port",
            "http_response_status_code",
        )
        watch_process(self.registry)

    async def run(self, stop: asyncio.Event, on_ready: Callable[[dict[str, int]], None] = lambda _: None) -> None:
        """Serves until told to stop, then lets requests end.

        Raises:
            StartError: A port cannot be had.
        """
        await self._reports.read()
        await self._tracer.reconfigure(self._configuration.observability.tracing)
        await self._listen()
        on_ready({name: server.port for name, server in self._servers.items()})
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part) for part in (self._watch.run(), self._models.run(), self._tracer.run())]
            await stop.wait()
            await self._drain()
            for task in tasks:
                task.cancel()
        await self._close()

    @property
    def _configuration(self) -> Configuration:
        return self._watch.current.configuration

    async def _listen(self) -> None:
        options = self._options
        local = LocalApi(options.token, self._models, self._reports, self._hooks, self._tracer)
        ops = Ops(self._readiness, self.registry, self._info)
        try:
            await self._serve("ops", ops.handle, options.ops, OPS_LIMITS)
            await self._serve("local", local.handle, options.local, LOCAL_LIMITS)
            await self._serve("ingress", self._ingress.handle, options.ingress, _ingress_limits(self._configuration))
        except StartError:
            for server in self._servers.values():
                await server.drain(0)
            raise

    async def _serve(self, name: str, handler: Handler, address: Address, limits: ServerLimits) -> None:
        def refused(status: int) -> None:
            self._refused.inc(name, str(status))

        try:
            self._servers[name] = await serve(handler, address.host, address.port, limits, refused)
        except OSError as error:
            raise StartError(
                f"--{name}-port", f"{address} cannot be listened on: {error.strerror}", "free it, or choose another"
            ) from error
        log.info("listening", extra={"on": name, "address": str(Address(address.host, self._servers[name].port))})

    async def _apply(self, loaded: Loaded) -> None:
        """Puts a configuration into use: what may refuse it comes first, so that nothing changes then."""
        configuration = loaded.configuration
        self._models.configure(configuration)
        self._servers["ingress"].limits = _ingress_limits(configuration)
        self._readiness.reconfigure(configuration)
        await self._ingress.reconfigure(configuration)
        await self._tracer.reconfigure(configuration.observability.tracing)
        configure_logs(configuration.observability.log_level)

    async def _drain(self) -> None:
        """Not ready from now on; models stay reachable for as long as the agent works on requests."""
        self._readiness.is_draining = True
        seconds = self._configuration.ingress.drain_seconds
        log.info("draining", extra={"seconds": seconds, "connections": self._servers["ingress"].connections})
        started = asyncio.get_running_loop().time()
        await self._servers["ingress"].drain(seconds)
        left = max(0.0, seconds - (asyncio.get_running_loop().time() - started))
        await self._servers["local"].drain(left)
        await self._servers["ops"].drain(0)

    async def _close(self) -> None:
        for what, close in (("models", self._models.close), ("ingress", self._ingress.close), ("tracing", self._tracer.close)):
            await _closed(what, close)
        log.info("stopped")

    def _info(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "agent": {"name": self._configuration.agent.name, "namespace": self._configuration.agent.namespace},
            "pod": self._options.pod,
            "configuration": {"digest": self._watch.current.digest, "refused": self._watch.error},
            "wrapper": {"loaded": self._reports.is_loaded, "reports": self._reports.reports},
            "hooks": self._hooks.names,
            **self._models.info(),
        }


async def _closed(what: str, close: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(CLOSING_SECONDS):
            await close()
    except Exception:
        log.exception("a part could not be closed in order", extra={"part": what})


def _ingress_limits(configuration: Configuration) -> ServerLimits:
    ingress = configuration.ingress
    return ServerLimits(
        connections=ingress.max_connections,
        header_bytes=ingress.max_header_bytes,
        body_bytes=ingress.max_request_bytes,
        idle_seconds=ingress.idle_timeout_seconds,
    )

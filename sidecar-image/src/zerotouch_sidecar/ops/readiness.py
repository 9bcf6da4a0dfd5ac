"""Whether the pod can take requests: the agent answers, and the wrapper reported where that is asked for."""

import asyncio
from typing import Final

from zerotouch_sidecar.config.structs import Configuration
from zerotouch_sidecar.http.errors import HttpError
from zerotouch_sidecar.http.limits import Timeouts, UpstreamLimits
from zerotouch_sidecar.http.upstream import Upstream
from zerotouch_sidecar.local.reports import Reports
from zerotouch_sidecar.metrics import Registry

PROBE_SECONDS: Final = 2.5
"""Less than the 3 s for which the kubelet waits for us, and enough for an agent that is busy and well."""

LOOPBACK: Final = "127.0.0.1"


class Readiness:
    """Asked by the kubelet every few seconds."""

    def __init__(self, configuration: Configuration, reports: Reports, registry: Registry) -> None:
        self.is_draining = False
        self._configuration = configuration
        self._reports = reports
        self._gauge = registry.gauge("agent_ready", "Whether the pod could take requests when somebody last asked.")
        self._gauge.set(0)

    def reconfigure(self, configuration: Configuration) -> None:
        """Asks as another configuration says."""
        self._configuration = configuration

    async def problem(self) -> str:
        """Why the pod cannot take requests; empty: it can."""
        problem = await self._problem()
        self._gauge.set(0 if problem else 1)
        return problem

    async def _problem(self) -> str:
        if self.is_draining:
            return "the pod is ending"
        wrapper = self._configuration.wrapper
        if wrapper.failure_policy == "Fail" and not self._reports.is_loaded:
            return "the wrapper has not reported from the agent's container, and wrapper.failurePolicy is Fail"
        agent = self._configuration.agent
        if agent.readiness_path:
            return await _asked(agent.port, agent.readiness_path)
        return await _connected(agent.port)


async def _connected(port: int) -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
    except TimeoutError:
        return f"the agent does not accept connections on port {port}"
    except OSError:
        return f"the agent does not listen on port {port}"
    writer.transport.abort()
    return ""


async def _asked(port: int, path: str) -> str:
    agent = Upstream(f"http://{LOOPBACK}:{port}", limits=UpstreamLimits(kept_connections=0))
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            answer = await agent.request(b"GET", path.encode(), [], b"", Timeouts(PROBE_SECONDS))
    except TimeoutError:
        return f"the agent does not answer {path} in {PROBE_SECONDS:g} s"
    except HttpError as error:
        return f"the agent does not answer {path}: {error}"
    answer.close()
    return "" if 200 <= answer.status < 400 else f"the agent answers {path} with {answer.status}"

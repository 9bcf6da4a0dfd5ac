"""A model proxy on a real socket, with the mock provider behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from tests.mock_provider import Mock
from zerotouch_sidecar.config.load import parse
from zerotouch_sidecar.config.structs import Configuration
from zerotouch_sidecar.http.limits import ServerLimits
from zerotouch_sidecar.http.server import serve
from zerotouch_sidecar.http.upstream import Upstream
from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.models.service import Models

TOKEN = "pod-uid"
Json = dict[str, Any]


def configured(llm: Json, **more: Any) -> Configuration:
    return parse(msgspec.json.encode({"schemaVersion": 1, "agent": {"name": "researcher", "namespace": "team"}, "llm": llm, **more}))


def model(alias: str, *targets: str, **more: Any) -> Json:
    """An alias; targets are written as provider/model."""
    split = [target.split("/", 1) for target in targets]
    return {"alias": alias, "targets": [{"provider": provider, "model": name} for provider, name in split], **more}


def provider(name: str, kind: str, url: str = "", **more: Any) -> Json:
    return {"name": name, "type": kind, "baseUrl": url, **more}


NO_PAUSE: Json = {"attempts": 2, "initialBackoffMilliseconds": 0, "maxBackoffMilliseconds": 0}


def both_surfaces(mock: Mock, **more: Any) -> Json:
    """One alias for each surface, both answered by a mock."""
    providers = [provider("openai", "openai", mock.url + "/v1"), provider("anthropic", "anthropic", mock.url)]
    return {
        "providers": providers,
        "models": [model("gpt", "openai/real-gpt"), model("claude", "anthropic/real-claude")],
        "retry": NO_PAUSE,
        **more,
    }


@dataclass
class Running:
    """A proxy that is served."""

    models: Models
    registry: Registry
    port: int

    @property
    def openai(self) -> str:
        return f"http://127.0.0.1:{self.port}/openai/v1"

    @property
    def anthropic(self) -> str:
        return f"http://127.0.0.1:{self.port}/anthropic"

    async def post(self, path: str, body: Json | bytes, **headers: str) -> tuple[int, dict[str, str], Json]:
        """Sends a request as it is, with the pod's token; the answer's body is read as JSON."""
        upstream = Upstream(f"http://127.0.0.1:{self.port}")
        named = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json", **headers}
        try:
            answer = await upstream.request(
                b"POST",
                path.encode(),
                [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()],
                body if isinstance(body, bytes) else msgspec.json.encode(body),
            )
            read = await answer.read(2**24)
        finally:
            await upstream.close()
        return answer.status, {name.decode(): value.decode() for name, value in answer.headers}, msgspec.json.decode(read)

    def metric(self, name: str, *labels: str) -> float:
        """The sum of the samples of that name that have these labels."""
        lines = [line for line in self.registry.text().splitlines() if line.partition("{")[0].partition(" ")[0] == name]
        return sum(float(line.rpartition(" ")[2]) for line in lines if all(label in line for label in labels))


@asynccontextmanager
async def running(llm: Json, *, pod: str = "pod-0", budget_fails: bool = False, **more: Any) -> AsyncIterator[Running]:
    """A proxy; mistakes in keeping its budget, which it survives, are none unless a test says so."""
    registry = Registry()
    models = Models(configured(llm, **more), registry, token=TOKEN, pod=pod)
    server = await serve(models.handle, "127.0.0.1", 0, ServerLimits())
    proxy = Running(models, registry, server.port)
    try:
        yield proxy
    finally:
        await server.drain(2)
        await models.close()
    assert bool(proxy.metric("agent_model_budget_failures_total")) == budget_fails, "see the log: the budget could not be kept"


@asynccontextmanager
async def mocks(count: int = 1) -> AsyncIterator[list[Mock]]:
    made = [await Mock().start() for _ in range(count)]
    try:
        yield made
    finally:
        for mock in made:
            await mock.stop()

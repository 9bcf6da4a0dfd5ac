"""A plugin as a user would write one: a model provider that repeats, and a hook that refuses."""

import json
from collections.abc import AsyncIterator

from zerotouch_sidecar.models.call import Call
from zerotouch_sidecar.models.providers.base import Setup
from zerotouch_sidecar.models.surfaces import Surface
from zerotouch_sidecar.plugins.hooks import Exchange, Outcome, Refusal


class Parrot:
    surfaces = frozenset({Surface.OPENAI})

    def __init__(self, setup: Setup) -> None:
        self.name = setup.name

    async def send(self, call: Call, model: str) -> "Repeated":
        said = json.loads(bytes(call.fields["messages"]))[-1]["content"]
        message = {"role": "assistant", "content": f"{self.name} repeats: {said}"}
        return Repeated({"model": model, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    async def close(self) -> None:
        pass


class Repeated:
    def __init__(self, content: dict[str, object]) -> None:
        self.status = 200
        self.headers = [(b"content-type", b"application/json")]
        self.body = json.dumps(content).encode()

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self.body

    async def read(self, limit_bytes: int) -> bytes:
        return self.body

    def close(self) -> None:
        pass


class Guard:
    async def before(self, exchange: Exchange) -> Refusal | None:
        if exchange.way == "ingress" and exchange.target.startswith("/forbidden"):
            return Refusal(451, "the guard refuses")
        return None

    async def after(self, exchange: Exchange, outcome: Outcome) -> None:
        pass

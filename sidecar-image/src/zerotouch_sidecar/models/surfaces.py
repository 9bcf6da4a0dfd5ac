"""What the two surfaces have, as data: their operations, and where each keeps what the proxy must know."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from zerotouch_contract import routes


class Surface(Enum):
    """A provider's protocol that agents speak to the sidecar; the value is its name in messages."""

    OPENAI = "OpenAI"
    ANTHROPIC = "Anthropic"

    @property
    def prefix(self) -> str:
        """The path that the surface lies under on the local API."""
        return routes.OPENAI if self is Surface.OPENAI else routes.ANTHROPIC


class Events(Enum):
    """How the events of a streamed answer tell what was used."""

    CHAT = "chat"
    """In the last chunk, if the request asked for it with `stream_options.include_usage`."""

    RESPONSES = "responses"
    """In `response.completed`, or what else ends a response."""

    MESSAGES = "messages"
    """Input in `message_start`, output in `message_delta`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that an agent can ask a model for."""

    name: str
    """As OpenTelemetry's conventions for generative AI call it."""

    surface: Surface

    path: str
    """Below the base URL that the SDK is given."""

    output_limits: tuple[str, ...] = ()
    """Fields of the request that bound the tokens of the answer, the one that wins first."""

    events: Events | None = None
    """How a streamed answer tells its usage; None: it is never streamed."""

    is_charged: bool = True
    """Whether it uses tokens."""

    detaches: str = ""
    """Field of the request with which a provider answers at once and works on: nobody would learn what that used."""

    @property
    def may_be_degraded(self) -> bool:
        """Whether a cheaper model may answer in place of another: vectors of two models cannot be compared, and nobody would notice."""
        return bool(self.output_limits)

    @property
    def routes(self) -> tuple[str, str]:
        """Its paths on the local API: Vercel's AI SDK expects Anthropic's `/v1` in the base URL that Anthropic's own SDKs add it to."""
        return self.surface.prefix + self.path, self.surface.prefix + self.path.removeprefix("/v1")


CHAT: Final = Operation("chat", Surface.OPENAI, "/chat/completions", ("max_completion_tokens", "max_tokens"), Events.CHAT)
COMPLETIONS: Final = Operation("text_completion", Surface.OPENAI, "/completions", ("max_tokens",), Events.CHAT)
RESPONSES: Final = Operation("chat", Surface.OPENAI, "/responses", ("max_output_tokens",), Events.RESPONSES, detaches="background")
EMBEDDINGS: Final = Operation("embeddings", Surface.OPENAI, "/embeddings")
MESSAGES: Final = Operation("chat", Surface.ANTHROPIC, "/v1/messages", ("max_tokens",), Events.MESSAGES)
COUNT_TOKENS: Final = Operation("count_tokens", Surface.ANTHROPIC, "/v1/messages/count_tokens", is_charged=False)

OPERATIONS: Final = (CHAT, COMPLETIONS, RESPONSES, EMBEDDINGS, MESSAGES, COUNT_TOKENS)

LISTS: Final = {Surface.OPENAI.prefix + "/models": Surface.OPENAI, Surface.ANTHROPIC.prefix + "/v1/models": Surface.ANTHROPIC}
"""Where each surface lists its models."""

"""Answers that the sidecar gives itself, in the shape that the surface's SDK expects."""

from dataclasses import dataclass
from enum import Enum
from math import ceil
from typing import Final

import msgspec

from zerotouch_contract import headers
from zerotouch_sidecar.http.message import Headers
from zerotouch_sidecar.models.surfaces import Events, Surface

JSON: Final = (b"content-type", b"application/json")
NO_RETRY: Final = (headers.SHOULD_RETRY.encode(), b"false")


@dataclass(frozen=True, slots=True)
class Words:
    """How the surfaces call one fault."""

    status: int
    openai_type: str
    openai_code: str | None
    anthropic_type: str


class Fault(Enum):
    """What can be wrong with a model call; the value is what each surface says of it."""

    INVALID = Words(400, "invalid_request_error", None, "invalid_request_error")
    UNAUTHORIZED = Words(401, "invalid_request_error", "invalid_api_key", "authentication_error")
    NO_MODEL = Words(404, "invalid_request_error", "model_not_found", "not_found_error")
    NO_ROUTE = Words(404, "invalid_request_error", "unknown_url", "not_found_error")
    METHOD = Words(405, "invalid_request_error", "method_not_supported", "invalid_request_error")
    TOO_LARGE = Words(413, "invalid_request_error", "request_too_large", "request_too_large")
    RATE_LIMITED = Words(429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error")
    BUDGET_SPENT = Words(429, "insufficient_quota", "insufficient_quota", "billing_error")
    FAILED = Words(502, "server_error", "provider_failed", "api_error")
    REFUSED_KEY = Words(502, "server_error", "provider_refused_key", "api_error")
    UNAVAILABLE = Words(503, "server_error", "unavailable", "overloaded_error")
    TIMED_OUT = Words(504, "server_error", "provider_timeout", "timeout_error")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer of the sidecar's own."""

    fault: Fault
    message: str
    param: str | None = None
    """The field of the request that is at fault."""

    retry_after_seconds: float | None = None
    is_final: bool = True
    """Whether the SDK is told not to repeat the call by itself: the sidecar has done what could be done."""

    def headers(self) -> Headers:
        """Returns the answer's headers."""
        answer: Headers = [JSON]
        if self.is_final:
            answer.append(NO_RETRY)
        if self.retry_after_seconds is not None:
            answer.append((b"retry-after", str(max(1, ceil(self.retry_after_seconds))).encode()))
        return answer

    def body(self, surface: Surface) -> bytes:
        """Returns the answer's body."""
        return msgspec.json.encode(_shape(self, surface))

    def event(self, events: Events) -> bytes:
        """Returns what ends a stream that broke: the SDKs raise their error on it."""
        if events is Events.MESSAGES:
            return b"event: error\ndata: " + self.body(Surface.ANTHROPIC) + b"\n\n"
        shape = _shape(self, Surface.OPENAI)
        if events is Events.CHAT:
            return b"data: " + msgspec.json.encode(shape) + b"\n\n"
        own = {"type": "error", "code": self.fault.value.openai_code, "message": self.message, "param": None, "sequence_number": 0}
        return b"event: error\ndata: " + msgspec.json.encode(own | shape) + b"\n\n"


def _shape(refusal: Refusal, surface: Surface) -> dict[str, object]:
    words = refusal.fault.value
    if surface is Surface.ANTHROPIC:
        return {"type": "error", "error": {"type": words.anthropic_type, "message": refusal.message}}
    error = {"message": refusal.message, "type": words.openai_type, "param": refusal.param, "code": words.openai_code}
    return {"error": error}

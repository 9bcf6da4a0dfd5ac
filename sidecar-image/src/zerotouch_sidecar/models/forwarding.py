"""Which headers cross the sidecar, in both directions."""

from typing import Final

from zerotouch_contract import headers as names
from zerotouch_sidecar.http.message import Headers

_HOP: Final = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
    b"content-length",
}
"""Of one connection, not of the message (RFC 9110, 7.6.1), and lengths, which are written anew."""

_TRACE: Final = (names.TRACE_PARENT.encode(), names.TRACE_STATE.encode())
"""Which trace a call belongs to: told only to the providers that the configuration names."""

_AGENTS_OWN: Final = {
    b"host",
    b"authorization",
    b"x-api-key",
    b"api-key",
    b"cookie",
    b"openai-organization",
    b"openai-project",
    b"anthropic-workspace-id",
    b"expect",
    b"forwarded",
    b"via",
    b"baggage",
    b"correlation-context",
    b"b3",
    b"grpc-trace-bin",
    b"sentry-trace",
    b"uber-trace-id",
    b"x-amzn-trace-id",
    b"x-cloud-trace-context",
    *_TRACE,
}
"""What an agent sends to the sidecar and to nobody else: keys, who pays, who asked the agent, and what tracing libraries tell of that
request. Baggage holds whatever whoever began it put there, such as a user's name."""

_OURS: Final = (b"x-agent-", b"x-forwarded-", b"x-b3-", b"x-datadog-")
"""Beginnings of more of these."""

_PROVIDERS_OWN: Final = {
    b"set-cookie",
    b"alt-svc",
    b"strict-transport-security",
    b"x-api-key",
    b"authorization",
    names.SHOULD_RETRY.encode(),
    names.OVERHEAD.encode(),
    names.PROVIDER.encode(),
    names.FALLBACK.encode(),
}
"""What a provider says to the sidecar, or what only the sidecar may say."""

_NOT_TO_PROVIDER: Final = _HOP | _AGENTS_OWN
_NOT_TO_AGENT: Final = _HOP | _PROVIDERS_OWN


def to_provider(headers: Headers) -> Headers:
    """Returns what a provider is told of an agent's headers."""
    return [header for header in _without(headers, _NOT_TO_PROVIDER) if not header[0].startswith(_OURS)]


def trace_of(headers: Headers) -> Headers:
    """Returns the agent's place in a trace, as it said it."""
    return [header for header in headers if header[0] in _TRACE]


def to_agent(headers: Headers) -> Headers:
    """Returns what an agent is told of a provider's headers."""
    return _without(headers, _NOT_TO_AGENT)


def _without(headers: Headers, dropped: set[bytes]) -> Headers:
    named = {name.strip().lower() for key, value in headers if key == b"connection" for name in value.split(b",")}
    dropped = dropped | named if named else dropped
    return [header for header in headers if header[0] not in dropped]

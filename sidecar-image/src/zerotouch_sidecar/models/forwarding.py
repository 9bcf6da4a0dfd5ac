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

_AGENTS_OWN: Final = {
    b"host",
    b"authorization",
    b"x-api-key",
    b"api-key",
    b"cookie",
    b"expect",
    b"forwarded",
    b"x-forwarded-for",
    names.REQUEST_ID.encode(),
}
"""What an agent sends to the sidecar and to nobody else."""

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


def to_provider(headers: Headers) -> Headers:
    """Returns what a provider is told of an agent's headers."""
    return _without(headers, _HOP | _AGENTS_OWN)


def to_agent(headers: Headers) -> Headers:
    """Returns what an agent is told of a provider's headers."""
    return _without(headers, _HOP | _PROVIDERS_OWN)


def _without(headers: Headers, dropped: set[bytes]) -> Headers:
    named = {name.strip().lower() for key, value in headers if key == b"connection" for name in value.split(b",")}
    dropped = dropped | named if named else dropped
    return [header for header in headers if header[0] not in dropped]

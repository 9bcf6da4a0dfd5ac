"""Which headers pass between a client and the agent, and what the sidecar adds."""

import re
from typing import Final

from zerotouch_contract import headers as names
from zerotouch_sidecar.http.head import FRAMING, tokens
from zerotouch_sidecar.http.message import Headers, Request
from zerotouch_sidecar.tracing.span import Span, new_id

REQUEST_ID: Final = names.REQUEST_ID.encode()
TRACE_PARENT: Final = names.TRACE_PARENT.encode()
TRACE_STATE: Final = names.TRACE_STATE.encode()

_OURS: Final = b"x-agent-"
"""Headers of the platform: a client's own would be taken for ours."""

_FORWARDED: Final = (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host")
_FOR, _PROTO, _HOST = _FORWARDED
_REPLACED: Final = frozenset((b"expect", *_FORWARDED))
_id: Final = re.compile(rb"^[A-Za-z0-9._:+/=-]{1,128}$")


def request_id(request: Request) -> bytes:
    """The client's id if it is one that fits into any log, else a new one."""
    given = request.header(REQUEST_ID)
    return given if given is not None and _id.match(given) else new_id()


def to_agent(request: Request, given_id: bytes, span: Span | None) -> Headers:
    """The request's headers for the agent: without those of this hop, and without what only the sidecar may say.

    Args:
        request: The client's request.
        given_id: Its id.
        span: The sidecar's own, which the agent's is below. None where nobody is told of it: a trace then passes as it came, and where
            there is none the agent decides whether one begins.
    """
    hop = tokens(request.headers, b"connection") - {b"host"}  # without it we would say our own, which agents trust
    dropped = FRAMING | hop | _replaced_by(span)
    passed: Headers = []
    said: dict[bytes, bytes] = {}
    for name, value in request.headers:
        if name in _FORWARDED:  # a list may come as several lines, and means the same as one (RFC 9110, 5.3)
            said[name] = b", ".join(filter(None, (said.get(name), value)))
        elif name not in dropped and name not in _REPLACED and not _is_reserved(name):
            passed.append((name, value))
    passed += (
        (REQUEST_ID, given_id),
        *([(TRACE_PARENT, span.traceparent)] if span else []),
        (_FOR, b", ".join(filter(None, (said.get(_FOR), request.peer.encode())))),
        (_PROTO, said.get(_PROTO) or b"http"),
        (_HOST, said.get(_HOST) or request.header(b"host") or b""),
    )
    if request.is_upgrade:
        passed += ((b"connection", b"upgrade"), (b"upgrade", b"websocket"))
    return passed


def _replaced_by(span: Span | None) -> frozenset[bytes]:
    """A trace that begins here has no state yet: W3C Trace Context lets `tracestate` pass only beside a `traceparent` that holds."""
    if span is None:
        return frozenset()
    return frozenset({TRACE_PARENT} if span.parent_id else {TRACE_PARENT, TRACE_STATE})


def to_client(headers: Headers, given_id: bytes) -> Headers:
    """The agent's headers for the client: without those of this hop, and with the request's id."""
    dropped = FRAMING | tokens(headers, b"connection")
    return [*(pair for pair in headers if pair[0] not in dropped and pair[0] != REQUEST_ID), (REQUEST_ID, given_id)]


def _is_reserved(name: bytes) -> bool:
    """WSGI and CGI read an underscore as a dash, so `x_agent_request_id` would be taken for ours too."""
    if b"_" in name:
        name = name.replace(b"_", b"-")
        return name.startswith(_OURS) or name in _REPLACED
    return name.startswith(_OURS)

"""HTTP headers that sidecar, wrapper and agents exchange."""

from typing import Final

REQUEST_ID: Final = "x-agent-request-id"
"""Id of the request that the agent works on: made or taken over at the ingress, carried to outbound calls by the wrapper."""

TRACE_PARENT: Final = "traceparent"
TRACE_STATE: Final = "tracestate"
"""W3C Trace Context."""

OVERHEAD: Final = "x-agent-overhead-ms"
"""Milliseconds that the sidecar added to a model call."""

PROVIDER: Final = "x-agent-provider"
"""Which provider answered a model call."""

FALLBACK: Final = "x-agent-fallback"
"""How many targets were tried before the one that answered; absent when it was the first."""

SHOULD_RETRY: Final = "x-should-retry"
"""`false`: the SDK must not repeat the call; the sidecar has already done so."""

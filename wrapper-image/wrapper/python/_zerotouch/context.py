"""The headers of the request that is being worked on, as a context variable: one for each task, thread or greenlet."""

from _contextvars import ContextVar

from _zerotouch import outbound

NAMES = ("x-agent-request-id", "traceparent", "tracestate")
LONGEST = 512
"""Characters of a value that is carried; W3C asks for 512 of tracestate."""

current = ContextVar("zerotouch_request", default=())
outbound.current = current
outbound.settle()


def enter(get):
    if outbound.PENDING:
        outbound.settle()
    found = [(name, get(name)) for name in NAMES]
    return current.set(tuple((name, value) for name, value in found if is_sound(value)))


def is_sound(value):
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isascii() and value.isprintable()

"""The last place before the network where each client's headers can be added to, out of the program's sight where it has one.

Nothing here is there before the first request came in: until then there is nothing to carry.
"""

import sys

from _zerotouch import address, change, instead

LOOPBACK = ("127.0.0.1", "localhost")


def sidecar():
    try:
        return address()
    except Exception:
        return None


SIDECAR = sidecar()

current = None
"""The context variable, from `context`."""


def carried(host, port, has):
    """The headers that a call to this address gets: none unless it is the sidecar's.

    Args:
        host: Of the call, text or bytes.
        port: Of the call, or None.
        has: Takes a header's lower-case name, says whether the program has set it itself: then its own stays.
    """
    headers = current.get()
    if not headers or SIDECAR is None:
        return ()
    if isinstance(host, bytes):
        host = host.decode("ascii")
    host = host.strip("[]").lower()
    is_same = host == SIDECAR[0] or (host in LOOPBACK and SIDECAR[0] in LOOPBACK)
    if not is_same or (port or 80) != SIDECAR[1]:
        return ()
    traced = has("traceparent")  # a tracestate belongs to its traceparent
    return [(name, value) for name, value in headers if not (has(name) or (traced and name == "tracestate"))]


def before(add):
    """A method that first adds to its request; what fails there leaves the call as the program made it."""

    def make(original):
        def with_context(self, *args, **kwargs):
            try:
                add(self, *args, **kwargs)
            except Exception:  # noqa: S110  # a return here would put our error into the traceback of the program's
                pass
            return original(self, *args, **kwargs)

        return with_context

    return make


def http_client(module):
    """Also what urllib, urllib3, requests and botocore send with."""
    putheader = module.HTTPConnection.putheader

    def has(connection, name):
        start = name.encode() + b":"
        return any(line[: len(start)].lower() == start for line in connection._buffer)

    def add(self, *_, **__):
        if not getattr(self, "_tunnel_host", None):
            for name, value in carried(self.host, self.port, lambda name: has(self, name)):
                putheader(self, name, value)

    instead(module.HTTPConnection, "endheaders", before(add))


def httpcore(class_name, method):
    """What httpx sends with. Its request is a copy of the program's, which stays as it is."""

    def add(self, request):
        if request.url.scheme == b"http" and getattr(self, "_proxy_url", None) is None:
            names = [name.lower() for name, _ in request.headers]
            more = carried(request.url.host, request.url.port, lambda name: name.encode() in names)
            if more:
                request.headers = list(request.headers) + [(name.encode(), value.encode()) for name, value in more]

    def change_pool(module):
        instead(getattr(module, class_name), method, before(add))

    return change_pool


def aiohttp(module):
    def add(self, *_, **__):
        if self.url.scheme == "http" and not self.proxy:
            for name, value in carried(self.url.host, self.url.port, lambda name: name in self.headers):
                self.headers[name] = value

    instead(module.ClientRequest, "send", before(add))


CHANGES = {
    "aiohttp.client_reqrep": aiohttp,
    "http.client": http_client,
    "httpcore._async.connection_pool": httpcore("AsyncConnectionPool", "handle_async_request"),
    "httpcore._sync.connection_pool": httpcore("ConnectionPool", "handle_request"),
    "httpcore2._async.connection_pool": httpcore("AsyncConnectionPool", "handle_async_request"),
    "httpcore2._sync.connection_pool": httpcore("ConnectionPool", "handle_request"),
}
PENDING = set(CHANGES)
"""Clients that are not changed yet. Those that come later are changed when they are imported."""


def settle():
    """Changes the clients that the program has imported; one that another thread is importing right now, with the next request."""
    ours = next(finder for finder in sys.meta_path if type(finder).__name__ == "ZerotouchFinder")
    for name in sorted(PENDING):
        ours.hooks[name] = "outbound"
        module = sys.modules.get(name)
        if getattr(getattr(module, "__spec__", None), "_initializing", False):
            continue
        PENDING.discard(name)
        if module is not None:
            change(ours, name, module)

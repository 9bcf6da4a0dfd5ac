"""aiohttp's server."""

from _zerotouch import enter, instead


def change(module):
    instead(module.RequestHandler, "_handle_request", handler)


def handler(handle):
    """Called in the connection's task, before the request's own begins; the connection's next request overwrites it."""

    def with_context(self, *args, **kwargs):
        if args:
            enter(lambda name: args[0].headers.get(name))
        return handle(self, *args, **kwargs)

    return with_context


CHANGES = {"aiohttp.web_protocol": change}

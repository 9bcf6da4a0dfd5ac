"""Servers that speak ASGI. They give each request a task, and what its context holds goes away with it."""

from _zerotouch import enter, instead


def from_scope(scope):
    try:
        if scope["type"] in ("http", "websocket"):
            headers = dict(scope["headers"])
            enter(lambda name: headers.get(name.encode(), b"").decode("latin-1"))
    except Exception:
        return


def application(app):
    """The same application; what it returns is awaited by the server, in the request's task."""

    def with_context(*args, **kwargs):
        if args:
            from_scope(args[0])
        return app(*args, **kwargs)

    return with_context


def loader(class_name, method, attribute):
    """A class of a server whose method leaves the application in an attribute."""

    def change(module):
        def make(load):
            def with_context(self, *args, **kwargs):
                result = load(self, *args, **kwargs)
                setattr(self, attribute, application(getattr(self, attribute)))
                return result

            return with_context

        instead(getattr(module, class_name), method, make)

    return change


def hypercorn(module):
    instead(module.ASGIWrapper, "__call__", caller)


def caller(call):
    def with_context(self, *args, **kwargs):
        if args:
            from_scope(args[0])
        return call(self, *args, **kwargs)

    return with_context


CHANGES = {
    "gunicorn.workers.gasgi": loader("ASGIWorker", "load_wsgi", "asgi"),
    "hypercorn.app_wrappers": hypercorn,
    "uvicorn.config": loader("Config", "load", "loaded_app"),
}

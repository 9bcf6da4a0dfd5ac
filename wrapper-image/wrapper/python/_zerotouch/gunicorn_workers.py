"""gunicorn's workers for WSGI. `handle_request` is one request, headers and answer included."""

from _zerotouch import enter, instead, leave


def worker(class_name):
    def change(module):
        def make(handle):
            def with_context(self, *args, **kwargs):
                token = enter(lambda name: from_pairs(args, name))
                try:
                    return handle(self, *args, **kwargs)
                finally:
                    leave(token)

            return with_context

        instead(getattr(module, class_name), "handle_request", make)

    return change


def from_pairs(args, wanted):
    """The request among the arguments is the one whose headers are a list of pairs."""
    for arg in args:
        headers = getattr(arg, "headers", None)
        if isinstance(headers, list):
            for name, value in headers:
                if name.lower() == wanted:
                    return value
    return None


CHANGES = {
    "gunicorn.workers.base_async": worker("AsyncWorker"),
    "gunicorn.workers.gthread": worker("ThreadWorker"),
    "gunicorn.workers.sync": worker("SyncWorker"),
}

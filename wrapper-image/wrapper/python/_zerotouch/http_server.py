"""The standard library's servers, and werkzeug's. `finish` comes at the end of every connection, whatever happened."""

from _zerotouch import enter, instead, leave


def change(module):
    def make_parse(parse):
        def with_context(self, *args, **kwargs):
            is_request = parse(self, *args, **kwargs)
            if is_request:
                vars(self).setdefault("_zerotouch_token", enter(lambda name: self.headers.get(name)))
            return is_request

        return with_context

    def make_finish(finish):
        def with_context(self, *args, **kwargs):
            try:
                return finish(self, *args, **kwargs)
            finally:
                if "_zerotouch_token" in vars(self):
                    leave(vars(self).pop("_zerotouch_token"))

        return with_context

    instead(module.BaseHTTPRequestHandler, "parse_request", make_parse)
    instead(module.BaseHTTPRequestHandler, "finish", make_finish)


CHANGES = {"http.server": change}

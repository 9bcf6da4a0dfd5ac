"""Python imports this at its start, because PYTHONPATH begins with this folder. It lies in wait for servers, takes the folder off the
path again, and makes room for the program's own sitecustomize. The rest is in `_zerotouch`: every process pays for what is here.

Standard library only. Python 2.7 must be able to read it: an agent may bring any Python, and an old one must not notice us.
"""

import os
import sys


class ZerotouchFinder(object):
    """Before Python's own finders; it finds nothing but the wrapper."""

    hooks = {
        "aiohttp.web_protocol": "aiohttp_web",
        "gunicorn.workers.base_async": "gunicorn_workers",
        "gunicorn.workers.gasgi": "asgi",
        "gunicorn.workers.gthread": "gunicorn_workers",
        "gunicorn.workers.sync": "gunicorn_workers",
        "http.server": "http_server",
        "hypercorn.app_wrappers": "asgi",
        "socket": "report",
        "uvicorn.config": "asgi",
    }
    # Modules that something happens after the import of, and the file of `_zerotouch` that does it. Others are never looked at.

    def find_spec(self, name, path=None, target=None):
        if name in self.hooks:
            try:
                import _zerotouch

                return _zerotouch.find(self, name, path, target)
            except Exception:  # whatever it was, Python meets it again and says so
                return None
        return find("_zerotouch", [here]) if name == "_zerotouch" else None


def find(name, paths):
    import _frozen_importlib_external as external

    return external.PathFinder.find_spec(name, paths)


def start():
    """Nothing in a Python that is too old, or where the environment says so."""
    if sys.version_info < (3, 8) or os.environ.get("AGENT_WRAPPER_DISABLE") == "1" or "AGENT_SIDECAR_URL" not in os.environ:
        return
    finder = ZerotouchFinder()
    sys.meta_path.insert(0, finder)
    for name in finder.hooks:
        if name in sys.modules:
            import _zerotouch

            _zerotouch.change(finder, name, sys.modules[name])


def own():
    """Loads what `import sitecustomize` finds without the wrapper, in our place. Its errors are the program's, and Python tells them."""
    if sys.version_info < (3, 4):
        from _zerotouch import python2

        python2.load([path for path in sys.path if os.path.abspath(path) not in done])
        return
    # A folder at the head of the path is asked at every import: with it, a start takes milliseconds longer.
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]
    spec = find("sitecustomize", [path for path in sys.path if os.path.abspath(path) not in done])
    if spec is not None and spec.loader is not None:
        import _frozen_importlib as importlib

        sys.modules["sitecustomize"] = module = importlib.module_from_spec(spec)
        spec.loader.exec_module(module)


done = vars(sys).setdefault("_zerotouch", [])
# Folders of this and of other copies of the wrapper: only the first starts, and none leads back to another.
here = os.path.dirname(os.path.abspath(__file__))
if not done:
    try:
        start()
    except Exception:  # noqa: S110  # the program starts without us
        pass
if here not in done:
    done.append(here)
own()

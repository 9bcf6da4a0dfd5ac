"""Python imports this at its start, because PYTHONPATH begins with this folder. It lies in wait for servers, and makes room for the
program's own sitecustomize. Everything else is in `_zerotouch`, and read when it is needed: this file is compiled in every process.

Standard library only. Python 2.7 must be able to read it: an agent may bring any Python, and an old one must not notice us.
"""

import os
import sys


class ZerotouchFinder(object):
    """Before Python's own finders; it finds nothing itself."""

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
                from _zerotouch import following

                return following.find(self, name, path, target)
            except Exception:  # whatever it was, Python meets it again and says so
                return None
        return None


def start():
    """Nothing in a Python that is too old, or where the environment says so."""
    if sys.version_info < (3, 8) or os.environ.get("AGENT_WRAPPER_DISABLE") == "1" or "AGENT_SIDECAR_URL" not in os.environ:
        return
    finder = ZerotouchFinder()
    sys.meta_path.insert(0, finder)
    for name in finder.hooks:
        if name in sys.modules:
            from _zerotouch import following

            following.change(finder, name, sys.modules[name])


def own():
    """Loads what `import sitecustomize` would find if the wrapper were not there. Its errors are the program's, and Python tells them."""
    paths = [path for path in sys.path if os.path.abspath(path) not in done]
    if sys.version_info < (3, 4):
        from _zerotouch import python2

        python2.load(paths)
        return
    import _frozen_importlib_external as external

    spec = external.PathFinder.find_spec("sitecustomize", paths)
    if spec is not None and spec.loader is not None:
        from _zerotouch import following

        following.load(spec)


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

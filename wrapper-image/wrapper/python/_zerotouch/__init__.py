"""The wrapper: carries the inbound request's id and trace context to calls of the sidecar, and reports once that it is there.

Each file holds only what its moment needs: a Python whose bytecode the image lacks compiles it in every process. This one is read when a
program first imports `socket` or a server; a program that imports neither cannot serve or call, and pays nothing. `context` and `outbound`
are read with the first request.
"""

import os
import sys

PYTHONS_LOADERS = ("_frozen_importlib_external", "importlib._bootstrap_external")
SERVERS = ("daphne", "fastapi", "flask", "granian", "gunicorn", "hypercorn", "uvicorn")

TIMEOUT_SECONDS = 0.05
"""A loopback connection takes 0.1 ms. A sidecar that does not accept is not waited for."""

REPORT = "POST /wrapper/report HTTP/1.1\r\nHost: sidecar\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
REPORT += "Content-Length: %d\r\nConnection: close\r\n\r\n%s"
FACTS = '{"runtime": "python", "runtimeVersion": "%s", "wrapperVersion": "%s", "pid": %d, "loaded": true, "framework": "%s"}'

reported = []


def find(ours, name, path, target):
    """What the finders after ours find, with its one execution followed."""
    for finder in sys.meta_path:
        if finder is not ours and hasattr(finder, "find_spec"):
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                follow(ours, spec.loader, name)
                return spec
    return None


def follow(ours, loader, name):
    """The loader stays what it is, and what the module names as its loader."""
    if type(loader).__module__ not in PYTHONS_LOADERS:
        return
    execute = loader.exec_module

    def exec_module(module):
        vars(loader).pop("exec_module", None)
        execute(module)
        change(ours, name, module)

    loader.exec_module = exec_module


def change(ours, name, module):
    try:
        if name == "socket":
            report()
        else:
            __import__("_zerotouch." + ours.hooks[name], fromlist=["CHANGES"]).CHANGES[name](module)
    except Exception:  # a version that we do not know, or no sidecar: the program works as it always did
        return


def instead(owner, name, make):
    """Puts `make(original)` in the place of a method, once, with the original's name and signature."""
    original = getattr(owner, name)
    if getattr(original, "_zerotouch", False):
        return
    replacement = make(original)
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(replacement, attribute, getattr(original, attribute))
    replacement.__wrapped__ = original
    replacement._zerotouch = True
    setattr(owner, name, replacement)


def enter(get):
    """Makes an inbound request's headers the current ones, in this task, thread or greenlet.

    Args:
        get: Takes a header's lower-case name, returns its value or None.

    Returns:
        What `leave` takes, or None.
    """
    try:
        from _zerotouch import context

        return context.enter(get)
    except Exception:  # also where the files cannot be read any more: a program may shut itself in
        return None


def leave(token):
    """Back to what it was before; in another context there is nothing to go back to."""
    try:
        from _zerotouch import context

        context.current.reset(token)
    except Exception:
        return


def address():
    """Host and port of the sidecar; an error if its URL is none that we can call."""
    url = os.environ["AGENT_SIDECAR_URL"]
    host, _, port = url[7:].split("/", 1)[0].rpartition(":")
    if not url.startswith("http://") or "@" in host or not host or not 0 < int(port) < 65536:
        raise ValueError(url)
    return host.strip("[]").lower(), int(port)


def report():
    """One POST: no thread, no wait for an answer, no name to resolve. The socket is gone before the program makes its first."""
    if reported:
        return
    reported.append(True)
    import _socket  # what `socket` itself stands on, and imports

    host, port = address()
    host = "127.0.0.1" if host == "localhost" else host
    family = _socket.AF_INET6 if ":" in host else _socket.AF_INET
    _socket.inet_pton(family, host)  # a name would mean a question to DNS, which may take seconds
    token = os.environ.get("AGENT_TOKEN", "")
    if not all("!" <= character <= "~" for character in token):
        return
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "VERSION")) as file:
        version = file.read().strip()
    facts = FACTS % ("%d.%d.%d" % sys.version_info[:3], version, os.getpid(), framework())
    connection = _socket.socket(family, _socket.SOCK_STREAM)
    try:
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect((host, port))
        connection.sendall((REPORT % (token, len(facts), facts)).encode("ascii"))
    finally:
        connection.close()


def framework():
    """The server that the command line names; empty where the program begins one itself."""
    words = [os.path.basename(word) for word in getattr(sys, "orig_argv", None) or getattr(sys, "argv", ())]
    return next((word for word in words if word in SERVERS), "")

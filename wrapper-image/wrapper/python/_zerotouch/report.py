"""One POST that tells the sidecar that this process has the wrapper. No thread, no wait for an answer, no name to resolve.

It goes out when the program first imports `socket`: one that never does can neither serve nor call, and pays nothing.
"""

import os
import sys

TIMEOUT_SECONDS = 0.05
"""A loopback connection takes 0.1 ms. A sidecar that does not accept is not waited for."""

SERVERS = ("daphne", "fastapi", "flask", "granian", "gunicorn", "hypercorn", "uvicorn")


def address(url):
    """Host and port of the sidecar's URL; None if it is none that we can call."""
    try:
        host, colon, port = url[7:].partition("/")[0].rpartition(":")
        if url.startswith("http://") and host and "@" not in host and 0 < int(port) < 65536:
            return host.strip("[]").lower(), int(port)
    except Exception:
        return None
    return None


ADDRESS = address(os.environ.get("AGENT_SIDECAR_URL", ""))
reported = []


def send(_):
    if reported or ADDRESS is None:
        return
    reported.append(True)
    # `socket` is still being imported by the program, or was just changed by it: below it lies what Python itself uses.
    import _socket

    host = "127.0.0.1" if ADDRESS[0] == "localhost" else ADDRESS[0]
    family = _socket.AF_INET6 if ":" in host else _socket.AF_INET
    _socket.inet_pton(family, host)  # a name would mean a question to DNS, which may take seconds
    request = encoded(host, ADDRESS[1])
    connection = _socket.socket(family, _socket.SOCK_STREAM)
    try:
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect((host, ADDRESS[1]))
        connection.sendall(request)
    finally:
        connection.close()


def encoded(host, port):
    token = os.environ.get("AGENT_TOKEN", "")
    if not all("!" <= character <= "~" for character in token):
        raise ValueError("no token")
    body = '{"runtime": "python", "runtimeVersion": "%s", "wrapperVersion": "%s", "pid": %d, "loaded": true, "framework": "%s"}' % (
        ".".join(str(part) for part in sys.version_info[:3]),
        wrapper_version(),
        os.getpid(),
        framework(),
    )
    head = "POST /wrapper/report HTTP/1.1\r\nHost: %s:%d\r\nAuthorization: Bearer %s\r\n" % (
        "[" + host + "]" if ":" in host else host,
        port,
        token,
    )
    head += "Content-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    return (head + body).encode("ascii")


def wrapper_version():
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "VERSION")) as file:
        return file.read().strip()


def framework():
    """The server that the command line names; empty where the program begins one itself."""
    for word in getattr(sys, "orig_argv", None) or getattr(sys, "argv", []):
        name = os.path.basename(word)
        if name in SERVERS:
            return name
    return ""


CHANGES = {"socket": send}

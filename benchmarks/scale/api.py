"""The cluster's API over one kept connection, through `kubectl proxy`: a command for each of thousands of calls would be the load."""

import http.client
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

TIMEOUT_SECONDS: Final = 300
Object = dict[str, Any]


class Api:
    """Calls by path; one at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)

    def another(self) -> "Api":
        """The same API over a connection of its own, for another thread."""
        return Api(self._port)

    def text(self, path: str) -> str:
        return self._call("GET", path).decode()

    def items(self, path: str, selector: str = "") -> list[Object]:
        found: list[Object] = json.loads(self._call("GET", f"{path}?labelSelector={quote(selector)}" if selector else path))["items"]
        return found

    def create(self, path: str, manifest: Object) -> None:
        """Creates an object in the collection of that path."""
        self._call("POST", path, json.dumps(manifest), {"Content-Type": "application/json"})

    def merge(self, path: str, change: Object) -> None:
        """Patches an object; raises unless the API server took it."""
        self._call("PATCH", path, json.dumps(change), {"Content-Type": "application/merge-patch+json"})

    def _call(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> bytes:
        self._connection.request(method, path, body, headers or {})
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {content[:500].decode(errors='replace')}")
        return content


@contextmanager
def api() -> Iterator[Api]:
    """The API while the block runs."""
    with subprocess.Popen(["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True) as process:  # noqa: S607  # of PATH
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield Api(int(line.strip().rpartition(":")[2]))
        finally:
            process.terminate()

"""A stand-in for the sidecar's local API: it answers every call, and remembers whose headers it saw."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any, Final

TOKEN: Final = "6f0c1a52-9d8e-4f6a-8c8b-0f4d8f5f2b11"
CARRIED: Final = ("x-agent-request-id", "traceparent", "tracestate")
WAIT_SECONDS: Final = 20


class StandIn:
    """What arrived at one port of loopback."""

    def __init__(self) -> None:
        self.calls: dict[str, list[dict[str, str]]] = {}
        self.reports: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self._changed = Condition()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stand_in.called(self.path, [(name.lower(), value) for name, value in self.headers.items()])
                self.answer(200, b"ok")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path != "/wrapper/report":
                    self.do_GET()
                    return
                stand_in.reported(self.headers.get("Authorization", ""), body)
                self.answer(204, b"")

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

            def handle(self) -> None:
                with suppress(OSError):  # the wrapper does not wait for its answer
                    super().handle()

        class Server(ThreadingHTTPServer):
            request_queue_size = 64
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def called(self, path: str, headers: list[tuple[str, str]]) -> None:
        carried = {name: value for name, value in headers if name in CARRIED}
        assert len(carried) == len([name for name, _ in headers if name in CARRIED]), f"a header twice: {headers}"
        with self._changed:
            self.calls.setdefault(path, []).append(carried)

    def reported(self, authorization: str, body: bytes) -> None:
        with self._changed:
            if authorization != f"Bearer {TOKEN}":
                self.refused.append(authorization)
            self.reports.append(json.loads(body))
            self._changed.notify_all()

    def wait_for_reports(self, count: int) -> list[dict[str, Any]]:
        """The reports, once there are as many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.reports) >= count, WAIT_SECONDS), self.reports
            return list(self.reports)


@contextmanager
def standing_in() -> Iterator[StandIn]:
    stand_in = StandIn()
    thread = Thread(target=stand_in.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.server.shutdown()
        stand_in.server.server_close()

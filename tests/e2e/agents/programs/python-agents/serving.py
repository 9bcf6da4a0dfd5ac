"""A plain HTTP server: `POST /` with a question as its body gets the answer, `GET /` says who answers."""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

VERSION: Final = Path(__file__).with_name("VERSION")


def serve(answer: Callable[[str], str]) -> None:
    """Serves on PORT until the process is told to end."""
    me = {"program": Path(sys.argv[0]).stem, "hostname": socket.gethostname(), "version": VERSION.read_text().strip()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.reply(*((200, me) if self.path == "/" else (404, {"error": f"there is no {self.path}"})))

        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"])).decode()
            try:
                self.reply(200, {**me, "answer": answer(question)})
            except Exception as error:  # what the SDK raised is what the caller should see
                self.reply(502, {**me, "error": f"{type(error).__name__}: {error}"})

        def reply(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8080"))), Handler)
    server.daemon_threads = True
    server.serve_forever()

"""The standard library's server."""

import os
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import calls


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = calls.call(self.path.rsplit("/", 1)[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def end(*_):
    print("ended, own sitecustomize:", "sitecustomize" in sys.modules and getattr(sys.modules["sitecustomize"], "OWN", False))
    sys.stdout.flush()
    os._exit(7)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=int(os.environ["AGENT_FD"]))
server.server_name, server.server_port = "localhost", 0
signal.signal(signal.SIGTERM, end)
server.serve_forever(poll_interval=0.02)

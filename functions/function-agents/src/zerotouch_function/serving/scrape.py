"""Answers Prometheus over HTTP: any request gets the metrics.

A web server from the standard library would cost 2 MB of memory for one answer that never differs in form.
"""

import socket
from collections.abc import Callable
from threading import BoundedSemaphore, Thread
from time import monotonic, sleep
from typing import Final

from zerotouch_function.serving.address import listen

REQUEST_BYTES: Final = 16384
"""Longest request that is read; a longer one is hung up on."""

SECONDS: Final = 5
"""For a caller to send its request and to take the answer."""

CALLERS: Final = 16
"""At once; further ones wait."""

PAUSE_SECONDS: Final = 0.1
"""Between attempts to accept a caller that fail."""

HEAD: Final = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n"


def serve_metrics(address: str, text: Callable[[], str]) -> None:
    """Answers with what `text` says at that moment, from threads of its own, until the process ends.

    Raises:
        StartError: The address cannot be listened on.
    """
    listener = listen(address, "--metrics-address")
    Thread(target=_accept, args=(listener, text), name="metrics", daemon=True).start()


def _accept(listener: socket.socket, text: Callable[[], str]) -> None:
    free = BoundedSemaphore(CALLERS)

    def answer(connection: socket.socket) -> None:
        try:
            with connection:
                _answer(connection, text)
        except OSError:
            pass  # the caller is gone, or too slow
        finally:
            free.release()

    while True:
        free.acquire()
        try:
            connection, _ = listener.accept()
        except OSError:
            free.release()  # a caller that was gone before it was accepted, or no free file
            sleep(PAUSE_SECONDS)
            continue
        Thread(target=answer, args=(connection,), name="metrics", daemon=True).start()


def _answer(connection: socket.socket, text: Callable[[], str]) -> None:
    deadline, request = monotonic() + SECONDS, b""
    while b"\r\n\r\n" not in request:
        connection.settimeout(max(0.001, deadline - monotonic()))
        received = connection.recv(4096)
        request += received
        if not received or len(request) > REQUEST_BYTES or monotonic() > deadline:
            return
    body = text().encode()
    connection.settimeout(SECONDS)
    connection.sendall(HEAD.format(len(body)).encode() + body)

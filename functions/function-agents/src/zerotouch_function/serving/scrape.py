"""Answers Prometheus over HTTP: any request gets the metrics.

A web server from the standard library would cost 2 MB of memory for one answer that never differs in form.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from time import monotonic, sleep
from typing import Final

from zerotouch_function.serving.address import listen

REQUEST_BYTES: Final = 16384
"""Longest request that is read; a longer one is hung up on."""

SECONDS: Final = 5
"""For a caller to send its request and to take the answer."""

CALLERS: Final = 16
"""At once. A further one takes the place of the oldest: those that say nothing must not keep the kubelet from asking whether we live."""

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
    callers: list[socket.socket] = []  # the oldest first; what is done to a list is done at once, whatever the thread

    def answer(connection: socket.socket) -> None:
        with suppress(OSError), connection:  # the caller is gone, too slow, or was hung up on
            _answer(connection, text)
        with suppress(ValueError):
            callers.remove(connection)

    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            sleep(PAUSE_SECONDS)  # a caller that was gone before it was accepted, or no free file
            continue
        callers.append(connection)
        if len(callers) > CALLERS:
            with suppress(OSError):
                callers.pop(0).shutdown(socket.SHUT_RDWR)
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

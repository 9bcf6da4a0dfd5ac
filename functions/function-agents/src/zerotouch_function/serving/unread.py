"""Answers that gRPC has, and whose callers have not read them.

For gRPC a call is done, and counts no more, when its answer is handed over. A caller that reads nothing would have its answers pile up in
gRPC without end.
"""

from functools import partial
from threading import Lock

import grpc


class UnreadError(Exception):
    """The caller has to read before it is answered again."""

    def __init__(self, size: int, unread: int) -> None:
        super().__init__(f"answer: its {size} bytes are too many beside {unread} of unread answers; read those of this connection first")


class Unread:
    """The unread answers, the oldest first; any thread may use it.

    Args:
        most_bytes: Of all together. A single answer may be larger.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._sizes: dict[grpc.ServicerContext, int] = {}
        self._lock = Lock()

    def add(self, context: grpc.ServicerContext, size: int) -> None:
        """Counts an answer in, until its call is over. A connection without any takes the place of the oldest ones, which are cancelled.

        Raises:
            UnreadError: There is no room, and the call's connection has unread answers.
        """
        with self._lock:
            oldest = self._make_room(context, size)
            self._sizes[context] = size
            self._bytes += size
        for one in oldest:
            one.cancel()
        if not context.add_callback(partial(self._remove, context)):
            self._remove(context)

    def _make_room(self, context: grpc.ServicerContext, size: int) -> list[grpc.ServicerContext]:
        excess = self._bytes + size - self._most_bytes
        if excess <= 0:
            return []
        peer = context.peer()  # a connection: its address and port
        if any(other.peer() == peer for other in self._sizes):
            raise UnreadError(size, self._bytes)
        oldest = []
        for other in self._sizes:
            if excess <= 0:
                break
            oldest.append(other)
            excess -= self._sizes[other]
        for other in oldest:
            self._bytes -= self._sizes.pop(other)
        return oldest

    def _remove(self, context: grpc.ServicerContext) -> None:
        with self._lock:
            self._bytes -= self._sizes.pop(context, 0)

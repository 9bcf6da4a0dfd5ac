"""Why a connection is not being read from at the moment: it is read again when no reason is left."""

import asyncio


class Pauses:
    """The reasons of one connection."""

    def __init__(self, transport: asyncio.ReadTransport) -> None:
        self._transport = transport
        self._reasons: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._reasons)

    def add(self, reason: str) -> None:
        """Stops reading."""
        if not self._reasons and not self._transport.is_closing():
            self._transport.pause_reading()
        self._reasons.add(reason)

    def discard(self, reason: str) -> None:
        """Reads on, if this was the last reason."""
        if reason in self._reasons:
            self._reasons.discard(reason)
            self._resume()

    def clear(self) -> None:
        """Reads on, whatever the reasons were."""
        if self._reasons:
            self._reasons.clear()
            self._resume()

    def _resume(self) -> None:
        if not self._reasons and not self._transport.is_closing():
            self._transport.resume_reading()

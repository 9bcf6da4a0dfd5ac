"""Reading from connections in pieces so small that many which nobody takes anything from hold little together."""

import asyncio
from typing import Final

READ_BYTES: Final = 64 * 1024
"""Of one read. uvloop reads up to 256 kB, and two or three reads wait for each program that does not take them."""

_buffer: Final = memoryview(bytearray(READ_BYTES))
"""For all connections: what was read is copied before the next read begins."""


class SmallReads(asyncio.BufferedProtocol):
    """Is called as an `asyncio.Protocol` is, with at most `READ_BYTES`."""

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # what the transport would like does not matter
        """Where the transport reads to."""
        return _buffer

    def buffer_updated(self, nbytes: int) -> None:
        """So much was read."""
        self.data_received(bytes(_buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Bytes of the other side."""
        raise NotImplementedError

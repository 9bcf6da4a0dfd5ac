"""A model and an agent in one that answers at once: what the sidecar and its peer are put in front of. Bytes in, bytes out.

    python -m benchmarks.sidecar.upstream PORT

A body with `"stream":true` is answered with events, any other with one completion.
"""

import asyncio
import json
import sys
from typing import Final, cast

import httptools
import uvloop

EVENTS: Final = 10


def chunk(delta: dict[str, str], **more: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "mock", "choices": [choice], **more}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


USAGE: Final = {"prompt_tokens": 20, "completion_tokens": EVENTS, "total_tokens": 20 + EVENTS}
COMPLETION: Final = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "mock",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * 50}, "finish_reason": "stop"}],
        "usage": USAGE,
    }
).encode()
WHOLE: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(COMPLETION), COMPLETION)
STREAM: Final = [
    *(chunk({"content": f"word{number} "}) for number in range(EVENTS)),
    chunk({}, usage=USAGE),
    b"data: [DONE]\n\n",
]
STREAM_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Upstream(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        streams = b'"stream":true' in self._body or b'"stream": true' in self._body
        self._body = b""
        if not streams:
            self._transport.write(WHOLE)
            return
        self._transport.write(STREAM_HEAD)
        for event in STREAM:
            self._transport.write(b"%x\r\n%b\r\n" % (len(event), event))
        self._transport.write(b"0\r\n\r\n")


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())

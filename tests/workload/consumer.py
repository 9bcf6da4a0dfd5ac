"""A queue worker as a user of the platform would write it: one JetStream message at a time, HTTP beside it, a clean end on SIGTERM.

A message's body is the number of milliseconds that it takes to process. The durable consumer is made if it is missing.

The pod is ready once it is bound to its consumer, and then until it stops. A NATS outage after that is waited out: it would help nobody
to take the pod out of its Service, or to restart it. Liveness says only that the event loop turns.
"""

import asyncio
import json
import os
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig

PORT: Final = 8080
VERSION_FILE: Final = Path(__file__).with_name("VERSION")
"""The image's build writes it."""

ACK_WAIT_SECONDS: Final = 30
"""A message that nobody acknowledged for so long goes to another pod."""

HEARTBEAT_SECONDS: Final = 10
"""How often a message in work tells the server so: three times within `ACK_WAIT_SECONDS`."""

FETCH_SECONDS: Final = 1.0
"""How long one request for a message waits: also how long an idle worker takes to notice SIGTERM."""

RETRY_SECONDS: Final = 1.0
ACK_SECONDS: Final = 5.0
REQUEST_SECONDS: Final = 5.0
"""How long an HTTP client may take to say what it wants."""


def log(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)


class Worker:
    """Takes messages from the queue until it is told to stop."""

    def __init__(self) -> None:
        self.stream = os.environ["NATS_STREAM_NAME"]
        self.consumer = os.environ["NATS_CONSUMER_GROUP"]
        self.version = VERSION_FILE.read_text().strip() if VERSION_FILE.exists() else "dev"
        self.stopping = asyncio.Event()
        self.is_bound = False
        self.processed = 0

    @property
    def is_ready(self) -> bool:
        return self.is_bound and not self.stopping.is_set()

    async def run(self) -> None:
        client = await nats.connect(**connection_options())
        subscription = await self.bind(client)
        self.is_bound = True
        log("ready", stream=self.stream, consumer=self.consumer)
        while not self.stopping.is_set():
            if message := await self.next_message(client, subscription):
                await self.process(message)
        await client.close()

    async def bind(self, client: Client) -> JetStreamContext.PullSubscription:
        """Subscribes to the durable consumer; waits for the stream where it does not exist yet."""
        jetstream = client.jetstream()
        config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=ACK_WAIT_SECONDS)
        while True:
            try:
                return await jetstream.pull_subscribe("", durable=self.consumer, stream=self.stream, config=config)
            except nats.errors.Error as error:
                log("waiting", stream=self.stream, error=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def next_message(self, client: Client, subscription: JetStreamContext.PullSubscription) -> Msg | None:
        """The next message, or None: there is none now, or the server is away."""
        if not client.is_connected:  # a request now would be buffered, and its message come to nobody later
            await asyncio.sleep(RETRY_SECONDS)
            return None
        try:
            return (await subscription.fetch(1, timeout=FETCH_SECONDS))[0]
        except nats.errors.TimeoutError:
            return None
        except nats.errors.Error as error:
            log("fetch failed", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)
            return None

    async def process(self, message: Msg) -> None:
        try:
            milliseconds = int(message.data)
        except ValueError:
            log("refused", body=message.data[:80].decode(errors="replace"))
            await message.term()
            return
        async with heartbeat(message):
            await asyncio.sleep(milliseconds / 1000)
        try:
            await message.ack_sync(timeout=ACK_SECONDS)
            self.processed += 1
        except nats.errors.Error as error:  # the server will deliver it again
            log("not acknowledged", error=str(error))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one HTTP request and closes the connection."""
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode(errors="replace") if head.count(b" ") > 1 else ""
                status, body = self.route(path)
                content = json.dumps(body).encode()
                writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n".encode())
                writer.write(b"Connection: close\r\n\r\n" + content)
                await writer.drain()
        writer.close()

    def route(self, path: str) -> tuple[str, dict[str, object]]:
        if path == "/health":
            return "200 OK", {"alive": True}
        if path == "/ready":
            return ("200 OK" if self.is_ready else "503 Service Unavailable"), {"ready": self.is_ready}
        if path == "/":
            return "200 OK", {"hostname": socket.gethostname(), "version": self.version, "processed": self.processed}
        return "404 Not Found", {"error": f"no page {path}"}


def connection_options() -> dict[str, Any]:
    """How to connect: the platform's environment variables. Never gives up, neither at the start nor later."""
    options: dict[str, Any] = {
        "servers": os.environ["NATS_URL"].split(","),
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": RETRY_SECONDS,
        "error_cb": log_error,
    }
    if credentials := os.environ.get("NATS_CREDS_FILE"):
        options["user_credentials"] = credentials
    if authority := os.environ.get("NATS_CA_FILE"):
        options["tls"] = ssl.create_default_context(cafile=authority)
    return options


async def log_error(error: Exception) -> None:
    """In one line, instead of the client's traceback at each attempt."""
    log("nats error", error=str(error))


@asynccontextmanager
async def heartbeat(message: Msg) -> AsyncIterator[None]:
    """Tells the server again and again that the message is in work."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            with suppress(nats.errors.Error):
                await message.in_progress()

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()


async def main() -> None:
    worker = Worker()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, worker.stopping.set)
    async with await asyncio.start_server(worker.answer, port=PORT):
        working = asyncio.create_task(worker.run())
        stopping = asyncio.create_task(worker.stopping.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not worker.is_bound:  # nothing is in work, and the server may never come
            working.cancel()
        stopping.cancel()
        with suppress(asyncio.CancelledError):
            await working
    log("stopped", processed=worker.processed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

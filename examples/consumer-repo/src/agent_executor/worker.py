"""Takes messages from the durable consumer, one at a time, until it is told to stop."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from agent_executor.log import log
from agent_executor.results import UNREACHABLE, Results
from agent_executor.settings import Settings
from agent_executor.work import Request, RequestError, Result, execute, parse

HEARTBEAT_SECONDS: Final = 20
"""How often a message in work tells the server so: three times within the consumer's ack wait of 60 s (deploy/prod/stream.yaml)."""

FETCH_SECONDS: Final = 1.0
"""How long one request for a message waits: also how long an idle worker takes to notice SIGTERM."""

RETRY_SECONDS: Final = 1.0
ACK_SECONDS: Final = 5.0


class Worker:
    """The worker. It waits outages of NATS and Dragonfly out: it would help nobody to restart the pod, or to give the message up."""

    def __init__(self, settings: Settings, results: Results) -> None:
        self.stopping = asyncio.Event()
        self.is_bound = False
        self.processed = 0
        self._settings = settings
        self._results = results

    @property
    def is_ready(self) -> bool:
        """From the first time that the consumer was found, until SIGTERM."""
        return self.is_bound and not self.stopping.is_set()

    async def run(self) -> None:
        """Works until `stopping` is set; finishes the message that it has."""
        client = await nats.connect(**connection_options(self._settings))
        try:
            subscription = await self._bind(client)
            if subscription is None:
                return
            self.is_bound = True
            log("ready", stream=self._settings.stream, consumer=self._settings.consumer)
            while not self.stopping.is_set():
                if message := await next_message(client, subscription):
                    await self._process(message)
        finally:
            await client.close()

    async def _bind(self, client: Client) -> JetStreamContext.PullSubscription | None:
        """Subscribes to the consumer; waits while it does not exist. The Job in deploy/ makes it, so that there is one place for its settings."""
        jetstream = client.jetstream()
        while not self.stopping.is_set():
            try:
                await jetstream.consumer_info(self._settings.stream, self._settings.consumer, timeout=ACK_SECONDS)
                return await jetstream.pull_subscribe_bind(self._settings.consumer, stream=self._settings.stream)
            except nats.errors.Error as error:
                log("waiting for the consumer", stream=self._settings.stream, consumer=self._settings.consumer, error=str(error))
                await self._pause()
        return None

    async def _process(self, message: Msg) -> None:
        try:
            request = parse(message.data)
        except RequestError as error:
            log("refused", subject=message.subject, sequence=message.metadata.sequence.stream, error=str(error))
            await message.term()
            return
        try:
            async with heartbeat(message):
                is_saved = await self._save(request, execute(request))
            if not is_saved:
                await message.nak()
                return
            await message.ack_sync(timeout=ACK_SECONDS)
            self.processed += 1
        except nats.errors.Error as error:  # it comes again, and gives the same result
            log("not acknowledged", id=request.id, error=str(error))

    async def _save(self, request: Request, result: Result) -> bool:
        """Whether the result is in the store. False only when the worker has to stop before the store is back."""
        while True:
            try:
                await self._results.save(request.id, result)
                return True
            except UNREACHABLE as error:
                log("store is away", id=request.id, error=str(error))
            if self.stopping.is_set():
                return False
            await self._pause()

    async def _pause(self) -> None:
        """Waits for `RETRY_SECONDS`, or until the worker has to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), RETRY_SECONDS)


def connection_options(settings: Settings) -> dict[str, Any]:
    """How to connect. Never gives up, neither at the start nor later."""
    options: dict[str, Any] = {
        "servers": list(settings.nats_servers),
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": RETRY_SECONDS,
        "error_cb": log_error,
    }
    if settings.nats_credentials_file:
        options["user_credentials"] = settings.nats_credentials_file
    if settings.nats_authority_file:
        options["tls"] = ssl.create_default_context(cafile=settings.nats_authority_file)
    return options


async def log_error(error: Exception) -> None:
    """In one line, instead of the client's traceback at each attempt."""
    log("nats error", error=str(error))


async def next_message(client: Client, subscription: JetStreamContext.PullSubscription) -> Msg | None:
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

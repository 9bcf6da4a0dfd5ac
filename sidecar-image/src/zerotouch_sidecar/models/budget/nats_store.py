"""Records in a NATS key-value bucket: one key for each agent, replaced only at the revision that was read."""

import asyncio
import logging
import os
import ssl
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, Final

import msgspec
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import KeyValueConfig
from nats.js.errors import BucketNotFoundError, KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError
from nats.js.errors import Error as JetStreamError
from nats.js.kv import KeyValue

from zerotouch_sidecar.models.budget.clock import Clock, Now, utc_now
from zerotouch_sidecar.models.budget.credentials import Credentials
from zerotouch_sidecar.models.budget.ledger import Change
from zerotouch_sidecar.models.budget.record import Record
from zerotouch_sidecar.models.budget.store import Step, StoreAwayError

BUCKET: Final = "zerotouch-budgets"
"""Holds the budgets of all agents of a NATS account."""

PING_SECONDS: Final = 5
"""A server that does not answer two pings is left for another one."""

CALL_SECONDS: Final = 2.0
ATTEMPT_SECONDS: Final = 10.0
"""How long the library tries to connect, which it does for ever; the next attempt takes the files of then."""

CLOSE_SECONDS: Final = 1.0

CLOCK_SECONDS: Final = 60.0
"""How long the servers' time is believed until it is asked for again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NatsPlace:
    """Where the bucket is, and how to get in."""

    url: str
    credentials_file: str = ""
    ca_file: str = ""
    replicas: int = 1

    def state_of_files(self) -> list[tuple[int, int] | None]:
        """Returns what differs once the files were rotated; None: a file is not there. Blocks for as long as the file system does."""
        return [_state(file) for file in (self.credentials_file, self.ca_file) if file]


class _Told(msgspec.Struct):
    ts: datetime | None = None
    """When the server answered; absent: before release 2.10."""


class NatsStore:
    """Reads and writes one agent's record. A connection that cannot be had is tried again at each change; until then the store is away.

    The library mends connections by itself, with the authorities that it was given first, and not at all once a server has said that
    credentials are over. So when files were rotated, or it has given up, a new connection takes the place of the old one.
    """

    is_shared = True

    def __init__(self, place: NatsPlace, key: str, now: Now = utc_now) -> None:
        self._place = place
        self._key = key
        self._client: Client | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._files: list[tuple[int, int] | None] = []
        self._bucket: KeyValue | None = None
        self._last: tuple[Record | None, int] | None = None
        self._clock = Clock(now)
        self._clock_until = 0.0

    def now(self) -> datetime:
        """Returns the servers' time."""
        return self._clock.now()

    async def change(self, step: Step) -> Change:
        """Replaces the record; when another pod was faster it is read again."""
        client = await self._connected()
        try:
            if self._bucket is not None:
                try:
                    return await self._replaced(self._bucket, step)
                except (JetStreamError, NatsTimeoutError):  # the bucket may be lost, and is then made again
                    self._bucket = self._last = None
            self._bucket = await self._opened(client)
            return await self._replaced(self._bucket, step)
        except (NatsError, OSError) as error:
            self._bucket = self._last = None
            raise StoreAwayError(f"{type(error).__name__}: {error}") from error
        except asyncio.CancelledError:
            self._last = None  # whether it was written is not known
            raise

    async def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._client is not None:
            await _close(self._client)

    async def _replaced(self, bucket: KeyValue, step: Step) -> Change:
        if monotonic() >= self._clock_until:
            await self._set_clock()
        while True:
            record, revision = self._last or await self._read(bucket)
            change = step(record)
            self._last = None
            if change.record != record:
                try:
                    revision = await bucket.update(self._key, _encoded(change.record), last=revision)
                except KeyWrongLastSequenceError:
                    continue
            self._last = change.record, revision
            return change

    async def _set_clock(self) -> None:
        """Asks for the servers' time, which they tell beside what they know of a stream."""
        assert self._client is not None, "only a connected store has a bucket"
        answer = await self._client.request(f"$JS.API.STREAM.INFO.KV_{BUCKET}", timeout=CALL_SECONDS)
        time = msgspec.json.decode(answer.data, type=_Told).ts
        if time is not None:
            self._clock.told(time)
            self._clock_until = monotonic() + CLOCK_SECONDS

    async def _read(self, bucket: KeyValue) -> tuple[Record | None, int]:
        try:
            entry = await bucket.get(self._key)
        except KeyNotFoundError as error:
            return None, (error.entry.revision or 0) if error.entry else 0
        return _decoded(entry.value or b""), entry.revision or 0

    async def _opened(self, client: Client) -> KeyValue:
        stream = client.jetstream(timeout=CALL_SECONDS)
        try:
            return await stream.key_value(BUCKET)
        except BucketNotFoundError:
            log.info("budget bucket is made", extra={"bucket": BUCKET})
            return await stream.create_key_value(KeyValueConfig(bucket=BUCKET, history=1, replicas=self._place.replicas))

    async def _connected(self) -> Client:
        """Returns a connection that works, at once or not at all; one that does not is mended in the background."""
        if (self._connecting is None or self._connecting.done()) and await self._is_due():
            self._connecting = asyncio.create_task(self._connect())
        if self._connecting is not None and (self._client is None or self._client.is_closed):
            await asyncio.wait([self._connecting])
        if self._client is None or not self._client.is_connected:
            raise StoreAwayError("not connected")
        return self._client

    async def _is_due(self) -> bool:
        if self._client is None or self._client.is_closed:
            return True
        return bool(self._files) and await asyncio.to_thread(self._place.state_of_files) != self._files

    async def _connect(self) -> None:
        """Makes a connection with the files of now; one that works is left only for another that does."""
        files = await asyncio.to_thread(self._place.state_of_files)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                client = await self._made()
        except TimeoutError:
            return
        except (NatsError, OSError, ValueError) as error:
            log.warning("NATS refused the sidecar", extra={"error": type(error).__name__})
            return
        old, self._client, self._files = self._client, client, files
        self._bucket = self._last = None
        if old is not None:
            log.info("connected to NATS again")
            await _close(old)
        if self._place.replicas > 1:
            await self._spread(client)

    async def _spread(self, client: Client) -> None:
        """Puts a bucket that an agent with fewer replicas made on as many servers as this one wants."""
        stream = client.jetstream(timeout=CALL_SECONDS)
        try:
            config = (await stream.stream_info(f"KV_{BUCKET}")).config
            if (config.num_replicas or 1) < self._place.replicas:
                await stream.update_stream(config, num_replicas=self._place.replicas)
                log.info("budget bucket is put on more servers", extra={"replicas": self._place.replicas})
        except NotFoundError:
            return
        except (NatsError, OSError) as error:
            log.warning("budget bucket cannot be put on as many servers as spec.nats.replicas says", extra={"problem": str(error)})

    async def _made(self) -> Client:
        options: dict[str, Any] = {}
        if self._place.credentials_file:
            credentials = Credentials(self._place.credentials_file)
            options = {"user_jwt_cb": credentials.token, "signature_cb": credentials.sign}
        if self._place.ca_file:
            options["tls"] = await asyncio.to_thread(ssl.create_default_context, cafile=self._place.ca_file)
        client = Client()
        try:
            await client.connect(
                list(filter(None, self._place.url.split(","))),
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                connect_timeout=2,
                ping_interval=PING_SECONDS,
                error_cb=_noted,
                **options,
            )
        except asyncio.CancelledError:
            await _close(client)
            raise
        return client


async def _close(client: Client) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.close()
    except (NatsError, TimeoutError, OSError):
        return


def _state(file: str) -> tuple[int, int] | None:
    try:
        stat = os.stat(file)
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


async def _noted(error: Exception) -> None:
    log.info("NATS connection", extra={"error": type(error).__name__})


def _encoded(record: Record) -> bytes:
    return msgspec.json.encode(record)


def _decoded(value: bytes) -> Record | None:
    """Reads a record; one that cannot be read counts as lost."""
    try:
        return msgspec.json.decode(value, type=Record)
    except msgspec.DecodeError:
        log.error("budget record cannot be read and is made again")
        return None

"""Queues on the cluster's NATS JetStream, reached through `kubectl port-forward`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import nats
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig
from nats.js.errors import NotFoundError

from tests.e2e.cluster import port_forward

T = TypeVar("T")

ACK_WAIT_SECONDS: Final = 30
CONNECT_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Queue:
    """One stream with one durable consumer, both made before any worker starts: KEDA cannot read a consumer that does not exist."""

    nats_namespace: str
    stream: str
    consumer: str

    def create(self) -> None:
        async def work(jetstream: JetStreamContext) -> None:
            if await _exists(jetstream, self.stream):
                raise RuntimeError(f"stream {self.stream}: exists already, and the tests would delete it; delete it yourself first")
            await jetstream.add_stream(StreamConfig(name=self.stream, subjects=[self.stream]))
            durable = ConsumerConfig(durable_name=self.consumer, ack_policy=AckPolicy.EXPLICIT, ack_wait=ACK_WAIT_SECONDS)
            await jetstream.add_consumer(self.stream, durable)

        self._run(work)

    def publish(self, count: int, *, milliseconds: int, subject: str = "") -> None:
        """Publishes messages that the test workload takes so long for, each; the subject is the stream's name unless it is given."""

        async def work(jetstream: JetStreamContext) -> None:
            body = str(milliseconds).encode()
            await asyncio.gather(*(jetstream.publish(subject or self.stream, body) for _ in range(count)))

        self._run(work)

    def lag(self) -> int:
        """Messages that wait or are in work: what KEDA scales on."""

        async def work(jetstream: JetStreamContext) -> int:
            info = await jetstream.consumer_info(self.stream, self.consumer)
            return (info.num_pending or 0) + (info.num_ack_pending or 0)

        return self._run(work)

    def delete(self) -> None:
        async def work(jetstream: JetStreamContext) -> None:
            if await _exists(jetstream, self.stream):
                await jetstream.delete_stream(self.stream)

        self._run(work)

    def _run(self, work: Callable[[JetStreamContext], Awaitable[T]]) -> T:
        async def connected(port: int) -> T:
            client = await nats.connect(f"nats://127.0.0.1:{port}", connect_timeout=CONNECT_SECONDS, allow_reconnect=False)
            try:
                return await work(client.jetstream(timeout=CONNECT_SECONDS))
            finally:
                await client.close()

        with port_forward(self.nats_namespace, "svc/nats", 4222) as port:
            return asyncio.run(connected(port))


async def _exists(jetstream: JetStreamContext, stream: str) -> bool:
    try:
        await jetstream.stream_info(stream)
    except NotFoundError:
        return False
    return True

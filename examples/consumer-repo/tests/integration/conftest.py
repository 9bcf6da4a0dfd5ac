"""The stream as the Job in deploy/ makes it, and the service as its own process."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import nats
import pytest
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StreamConfig

from tests.integration.servers import Server, free_port, nats_server, redis_server

T = TypeVar("T")

REPOSITORY: Final = Path(__file__).parents[2]
STREAM: Final = "AGENT_EXECUTION"
CONSUMER: Final = "agent-executor-workers"
PASSWORD: Final = "of the test"
WAIT_SECONDS: Final = 20.0


class Service:
    """The service's process."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "agent_executor"],
            env={**environment, "PORT": str(self.port)},
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.wait_for_line("serving")

    def wait_for_line(self, event: str) -> None:
        """Reads the service's log up to a line with that event."""
        assert self.process.stdout
        assert any(event in line for line in self.process.stdout), f"it ended without {event}"

    def get(self, path: str) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def terminate(self) -> int:
        """Its exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


class Bench:
    """NATS, a store, and services that use both."""

    def __init__(self, queue: Server, store: Server) -> None:
        self.queue = queue
        self.store = store
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY / "src"),
            "NATS_URL": f"nats://127.0.0.1:{queue.port}",
            "NATS_STREAM_NAME": STREAM,
            "NATS_CONSUMER_GROUP": CONSUMER,
            "DRAGONFLY_HOST": "127.0.0.1",
            "DRAGONFLY_PORT": str(store.port),
            "DRAGONFLY_PASSWORD": PASSWORD,
        }
        self._services: list[Service] = []

    def service(self) -> Service:
        self._services.append(Service(self.environment))
        return self._services[-1]

    def make_stream(self) -> None:
        self.on_queue(make_stream)

    def publish(self, *bodies: object) -> None:
        async def send(jetstream: JetStreamContext) -> None:
            for body in bodies:
                await jetstream.publish("agent-executor.jobs", body if isinstance(body, bytes) else json.dumps(body).encode())

        self.on_queue(send)

    def waiting(self) -> int:
        """Messages in the stream: acknowledged ones are gone."""

        async def count(jetstream: JetStreamContext) -> int:
            return (await jetstream.stream_info(STREAM)).state.messages

        return self.on_queue(count)

    def on_queue(self, use: Callable[[JetStreamContext], Awaitable[T]]) -> T:
        async def connected() -> T:
            credentials = self.environment.get("NATS_CREDS_FILE")
            async with await nats.connect(self.environment["NATS_URL"], user_credentials=credentials) as client:
                return await use(client.jetstream())

        return asyncio.run(connected())

    def stop(self) -> None:
        for service in self._services:
            service.process.kill()
            service.process.wait()
        self.store.stop()
        self.queue.stop()


async def make_stream(jetstream: JetStreamContext) -> None:
    """As deploy/prod/stream.yaml does."""
    config = StreamConfig(name=STREAM, subjects=["agent-executor.>"], retention=RetentionPolicy.WORK_QUEUE)
    await jetstream.add_stream(config)
    await jetstream.add_consumer(STREAM, ConsumerConfig(durable_name=CONSUMER, ack_policy=AckPolicy.EXPLICIT, ack_wait=60, max_deliver=5))


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(nats_server(tmp_path / "nats"), redis_server(tmp_path, PASSWORD))
    made.queue.start()
    made.store.start()
    yield made
    made.stop()

"""Sends requests over 16 connections and prints how long they took, as JSON: a process of its own.

    python -m benchmarks.sidecar.load PORT PATH [--token T] [--stream] [--rate 1000] [--seconds 5]

With a rate it is an open loop: requests are due at fixed times, and one that finds its connection busy waits, which counts. Without
one, each connection sends its next request when the last one is answered.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from statistics import quantiles
from typing import Final, cast

import httptools
import uvloop

CONNECTIONS: Final = 16
WARM_UP: Final = 0.2
"""Part of the time that is not counted."""


def request(path: str, token: str, *, streams: bool) -> bytes:
    content = "Tell me about the weather in the mountains. " * 4
    body = json.dumps(
        {"model": "default", "max_tokens": 100, "messages": [{"role": "user", "content": content}], "stream": streams}
    ).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nauthorization: Bearer {token}\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


class Client(asyncio.Protocol):
    """One connection: a request at a time, the others wait for it."""

    def __init__(self, data: bytes, load: "Load") -> None:
        self._data = data
        self._load = load
        self._due: deque[float] = deque()
        self._is_busy = False
        self._since = self._first = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpResponseParser(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._load.fail("a connection was lost")

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, _: bytes) -> None:
        if not self._first:
            self._first = time.perf_counter()

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        if self._parser.get_status_code() != 200:
            self._load.fail(f"answered {self._parser.get_status_code()}")
        self._is_busy = False
        if self._due:
            since, first = self._since, self._first
            self._send(self._due.popleft())
            self._load.took(self, since, first or now, now)
        else:
            self._load.took(self, self._since, self._first or now, now)

    def send(self, due: float) -> None:
        if self._is_busy:
            self._due.append(due)
        else:
            self._send(time.perf_counter())

    def _send(self, since: float) -> None:
        self._is_busy, self._since, self._first = True, since, 0.0
        self._transport.write(self._data)


class Load:
    """What all connections measured."""

    def __init__(self, seconds: float, rate: float) -> None:
        self.clients: list[Client] = []
        self.problem = ""
        self.whole: list[float] = []
        self.first: list[float] = []
        self._rate = rate
        self._started = time.perf_counter()
        self._counted_from = self._started + seconds * WARM_UP
        self._end = self._started + seconds

    @property
    def counted_seconds(self) -> float:
        return self._end - self._counted_from

    def fail(self, problem: str) -> None:
        if time.perf_counter() < self._end:
            self.problem = self.problem or problem

    def took(self, client: Client, since: float, first: float, now: float) -> None:
        if since >= self._counted_from and now < self._end:
            self.whole.append(now - since)
            self.first.append(first - since)
        if not self._rate and now < self._end:
            client.send(now)

    async def drive(self) -> None:
        """Sends for as long as it should, and lets the last answers arrive."""
        if not self._rate:
            for client in self.clients:
                client.send(self._started)
            await asyncio.sleep(self._end - time.perf_counter())
        sent = 0
        while self._rate and (now := time.perf_counter()) < self._end:
            while (due := self._started + sent / self._rate) <= now:
                self.clients[sent % len(self.clients)].send(due)
                sent += 1
            await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def measure(options: argparse.Namespace) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    data = request(options.path, options.token, streams=options.stream)
    load = Load(options.seconds, options.rate)
    for _ in range(CONNECTIONS):
        _, client = await loop.create_connection(lambda: Client(data, load), "127.0.0.1", options.port)
        load.clients.append(client)
    await load.drive()
    if len(load.whole) < 2:
        return {"problem": load.problem or "nothing was answered"}
    rate = len(load.whole) / load.counted_seconds
    return {"problem": load.problem, "requests_per_second": rate, **figures("whole", load.whole), **figures("first", load.first)}


def figures(name: str, seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=100)
    return {f"{name}_p{percent}_ms": cuts[percent - 1] * 1e3 for percent in (50, 90, 99)}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("--token", default="")
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--seconds", type=float, default=5)
    json.dump(uvloop.run(measure(parser.parse_args())), sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

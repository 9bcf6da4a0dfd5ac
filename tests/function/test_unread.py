"""What a client that does not read its answers costs: it is limited itself, and others are answered."""

import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

import grpc
import pytest

from benchmarks.servers import IMAGE_ENVIRONMENT
from tests.function.crossplane_requests import everything, request
from tests.function.process import (
    METHOD,
    OWN_CONNECTION,
    TIMEOUT_SECONDS,
    Function,
    method,
    needs_proc,
    others,
    run,
    running,
    wait_for,
    want,
)
from zerotouch_function.serving.budget import UNREAD_BYTES
from zerotouch_function.serving.unread import Unread

SMALL_WINDOW: Final = [*OWN_CONNECTION, ("grpc.http2.bdp_probe", 0)]
"""A connection of its own, which takes 64 KiB of what nobody reads."""

LARGE_BYTES: Final = 3_000_000
UNREAD_PROCESS_BYTES: Final = 160 * 1024 * 1024
"""For a process that starts with 50, and for unread answers, which gRPC has twice; 40 large ones would take 240 MB."""


def test_others_are_answered_while_a_client_reads_nothing() -> None:
    with (
        running() as function,
        relay(function.address) as (address, is_read),
        grpc.insecure_channel(address, OWN_CONNECTION) as channel,
    ):
        assert run(channel, everything()) == want()
        is_read.clear()
        calls = [method(channel).future(everything().SerializeToString(), timeout=2) for _ in range(200)]
        with others(function):
            pass
        codes = [call.code() for call in calls]  # what is on its way when the client stops still arrives
        assert codes[-1] is grpc.StatusCode.DEADLINE_EXCEEDED
        assert set(codes) <= {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.OK}


class EndedCall:
    """A call of one connection that ended before its answer was there."""

    def peer(self) -> str:
        return "ipv4:10.0.0.1:40000"

    def add_callback(self, _callback: object) -> bool:
        return False


def test_an_answer_whose_call_is_over_takes_no_room() -> None:
    unread = Unread(100)
    for _ in range(3):
        unread.add(cast("grpc.ServicerContext", EndedCall()), 60)


@needs_proc
def test_unread_answers_take_bounded_memory_and_others_are_answered() -> None:
    message = request()
    message.desired.resources["large"].resource.update({"data": "x" * LARGE_BYTES})
    data = message.SerializeToString()
    room = UNREAD_BYTES // LARGE_BYTES
    with (
        running(environment=IMAGE_ENVIRONMENT) as function,
        grpc.insecure_channel(function.address, SMALL_WINDOW) as channel,
        others(function),
    ):
        calls = [unread(function, channel, data) for _ in range(40)]
        with grpc.insecure_channel(function.address, OWN_CONNECTION) as other:
            assert run(other, message).desired.resources["large"] == message.desired.resources["large"]
        with pytest.raises(grpc.RpcError):  # the other one took its place
            next(iter(calls[0]))
        assert calls[0].code() is grpc.StatusCode.CANCELLED
        assert {call.code() for call in calls[room:]} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert "read those of this connection first" in str(calls[-1].details())
        assert all(len(next(iter(call))) > LARGE_BYTES for call in calls[1:room])
        wait_for(lambda: is_answered(channel, data))
        assert function.high_water_bytes() < UNREAD_PROCESS_BYTES, function.high_water_bytes()


def unread(function: Function, channel: grpc.Channel, data: bytes) -> "grpc._CallIterator[bytes]":
    """A call that has been answered, and whose caller reads no more of the answer than gRPC does for it."""
    before = answered(function)
    as_stream: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(METHOD)
    call = as_stream(data, timeout=60)
    wait_for(lambda: answered(function) > before)
    return call


def is_answered(channel: grpc.Channel, data: bytes) -> bool:
    try:
        return bool(method(channel)(data, timeout=TIMEOUT_SECONDS))
    except grpc.RpcError:
        return False


def answered(function: Function) -> float:
    """How many requests it has answered."""
    text = urllib.request.urlopen(f"http://{function.metrics_address}/metrics", timeout=TIMEOUT_SECONDS).read().decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("function_request_duration_seconds_count "))


@contextmanager
def relay(address: str) -> Iterator[tuple[str, threading.Event]]:
    """A way to the function whose answers are read only while the event is set."""
    is_read, is_over = threading.Event(), threading.Event()
    is_read.set()
    host, _, port = address.rpartition(":")
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection((host, int(port))) as server:
        threading.Thread(target=pump, args=(listener, server, is_read, is_over), daemon=True).start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", is_read
        finally:
            is_over.set()


def pump(listener: socket.socket, server: socket.socket, is_read: threading.Event, is_over: threading.Event) -> None:
    client, _ = listener.accept()
    with client:
        threading.Thread(target=copy, args=(client, server), daemon=True).start()
        while not is_over.is_set() and is_read.wait(0.05):
            server.settimeout(0.05)
            try:
                client.sendall(server.recv(65536))
            except TimeoutError:
                continue
        is_over.wait(TIMEOUT_SECONDS)


def copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        return

"""What the function does at each of its limits (docs/operations.md lists them): the one request suffers, the others are answered."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import grpc
import pytest

from tests.function.crossplane_requests import everything
from tests.function.test_grpc import METHOD, TIMEOUT_SECONDS, Function, method, run, running, want

OWN_CONNECTION: Final = [("grpc.use_local_subchannel_pool", 1)]
MIB: Final = 1024 * 1024


@pytest.fixture(scope="module")
def served() -> Iterator[Function]:
    with running() as function:
        yield function


@contextmanager
def others(served: Function) -> Iterator[None]:
    """Another caller, who is answered while the block runs, and after it."""
    with grpc.insecure_channel(served.address, OWN_CONNECTION) as channel:
        assert run(channel, everything()) == want()
        yield
        assert run(channel, everything()) == want()


def test_64_requests_are_in_flight_and_all_answered(served: Function) -> None:
    with grpc.insecure_channel(served.address, OWN_CONNECTION) as channel, ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: run(channel, everything()), range(640)))
    assert all(answer == want() for answer in answers)


def test_20_mb_are_refused_each_time_and_others_are_answered(served: Function) -> None:
    with others(served), grpc.insecure_channel(served.address, OWN_CONNECTION) as channel:
        calls = [method(channel).future(bytes(20 * MIB), timeout=TIMEOUT_SECONDS) for _ in range(4)]
        with grpc.insecure_channel(served.address, OWN_CONNECTION) as other:
            assert run(other, everything()) == want()
        assert {call.code() for call in calls} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert all("larger than max" in str(call.details()) for call in calls)


def test_expired_deadlines_harm_nobody(served: Function) -> None:
    with others(served), grpc.insecure_channel(served.address, OWN_CONNECTION) as channel:
        calls = [method(channel).future(everything().SerializeToString(), timeout=0.0001) for _ in range(200)]
        with grpc.insecure_channel(served.address, OWN_CONNECTION) as other:
            assert run(other, everything()) == want()
        assert {call.code() for call in calls} <= {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.OK}


def test_others_are_answered_while_60_requests_are_half_sent(served: Function) -> None:
    gate = threading.Event()
    with grpc.insecure_channel(served.address, OWN_CONNECTION) as channel:
        calls = [half_sent(channel).future(sent_after(gate), timeout=TIMEOUT_SECONDS) for _ in range(60)]
        with others(served):
            gate.set()
        assert all(call.result() for call in calls)


def test_further_requests_are_refused_at_once_while_512_wait(served: Function) -> None:
    gate = threading.Event()
    with grpc.insecure_channel(served.address, OWN_CONNECTION) as channel:
        calls = [half_sent(channel).future(sent_after(gate), timeout=TIMEOUT_SECONDS) for _ in range(530)]
        refused = next(call for call in reversed(calls) if call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED)
        assert "oncurrent" in str(refused.details())
        gate.set()
        codes = [call.code() for call in calls]
    assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert codes.count(grpc.StatusCode.OK) >= 512
    with others(served):
        pass


def half_sent(channel: grpc.Channel) -> "grpc.StreamUnaryMultiCallable[bytes, bytes]":
    """Calls that have begun and whose bytes are still to come."""
    return channel.stream_unary(METHOD)


def sent_after(gate: threading.Event) -> Iterator[bytes]:
    gate.wait(TIMEOUT_SECONDS)
    yield everything().SerializeToString()


def test_others_are_answered_while_a_client_reads_nothing(served: Function) -> None:
    with relay(served.address) as (address, is_read), grpc.insecure_channel(address, OWN_CONNECTION) as channel:
        assert run(channel, everything()) == want()
        is_read.clear()
        calls = [method(channel).future(everything().SerializeToString(), timeout=2) for _ in range(200)]
        with others(served):
            pass
        codes = [call.code() for call in calls]  # what is on its way when the client stops still arrives
        assert codes[-1] is grpc.StatusCode.DEADLINE_EXCEEDED
        assert set(codes) <= {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.OK}


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

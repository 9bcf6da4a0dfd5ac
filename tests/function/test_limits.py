"""What the function does at each of its limits (docs/operations.md lists them): the one request suffers, the others are answered."""

import socket
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

import grpc
import pytest
import yaml
from grpc_health.v1.health import HealthServicer

from benchmarks import crossplane
from benchmarks.servers import IMAGE_ENVIRONMENT, free_port
from tests.function.crossplane_requests import XR, everything, request
from tests.function.process import (
    METHOD,
    OWN_CONNECTION,
    ROOT,
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
from tests.function.stand_in import compose, refuse
from zerotouch_function.composition import Composition
from zerotouch_function.fields.quantity import amount
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import Observed
from zerotouch_function.protocol.runner import Runner
from zerotouch_function.serving.arrivals import Arrivals
from zerotouch_function.serving.metrics import Metrics
from zerotouch_function.serving.options import Options
from zerotouch_function.serving.server import LARGE_REQUEST_BYTES, MAX_CONCURRENT_REQUESTS, WORKERS, Handler, build_server
from zerotouch_function.serving.unread import Unread

HTTP2_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""What a client sends first: that it speaks HTTP/2, and settings without any (RFC 9113, 3.4). The server's settings are the answer."""

HTTP2_HEAD_BYTES: Final = 9
MAX_CONCURRENT_STREAMS: Final = 3
"""The setting's number (RFC 9113, 6.5.2)."""

MIB: Final = 1024 * 1024


@pytest.fixture(scope="module")
def served() -> Iterator[Function]:
    with running() as function:
        yield function


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


def test_others_are_answered_at_once_while_63_requests_are_half_sent(served: Function) -> None:
    gate = threading.Event()
    with grpc.insecure_channel(served.address, OWN_CONNECTION) as channel:
        calls = [half_sent(channel).future(sent_after(gate), timeout=TIMEOUT_SECONDS) for _ in range(WORKERS - 1)]
        with others(served):
            gate.set()
        assert all(call.result() for call in calls)


def test_others_are_answered_soon_although_every_worker_waits_for_a_half_sent_request() -> None:
    gate = threading.Event()
    with running() as function, grpc.insecure_channel(function.address, OWN_CONNECTION) as channel:
        with others(function):
            calls = [half_sent(channel).future(sent_after(gate), timeout=TIMEOUT_SECONDS) for _ in range(WORKERS + 6)]
            function.wait_for_log("requests given up, for all workers wait")
        gate.set()
        assert {call.code() for call in calls} == {grpc.StatusCode.CANCELLED, grpc.StatusCode.OK}


def test_further_requests_are_refused_at_once_while_512_wait() -> None:
    handler = Handler(Runner(compose, refuse), Metrics(), Arrivals(WORKERS), Unread(MIB))
    address = f"127.0.0.1:{free_port()}"
    server = build_server(handler, HealthServicer(), Options(address, None, MIB, "", MIB))
    handler.hold()
    server.start()
    data = everything().SerializeToString()
    with ExitStack() as opened:
        channels = [opened.enter_context(grpc.insecure_channel(address, OWN_CONNECTION)) for _ in range(5)]
        calls = [method(channels[i % 5]).future(data, timeout=TIMEOUT_SECONDS) for i in range(MAX_CONCURRENT_REQUESTS + 18)]
        wait_for(lambda: any(call.done() for call in calls))
        assert "oncurrent" in str(next(call for call in calls if call.done()).details())
        handler.release()
        codes = [call.code() for call in calls]
    server.stop(None)
    assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert codes.count(grpc.StatusCode.OK) >= MAX_CONCURRENT_REQUESTS


def test_large_requests_are_answered_one_at_a_time_and_others_beside_them() -> None:
    begun, gate = [], threading.Event()

    def compose_slowly(xr: Manifest, observed: Observed, function_input: Manifest) -> Composition:
        if "data" in xr["spec"]:
            begun.append(xr)
            gate.wait(TIMEOUT_SECONDS)
        return compose(xr, observed, function_input)

    handler = Handler(Runner(compose_slowly, refuse), Metrics(), Arrivals(WORKERS), Unread(MIB))
    address = f"127.0.0.1:{free_port()}"
    server = build_server(handler, HealthServicer(), Options(address, None, MIB, "", MIB))
    server.start()
    large = request({**XR, "spec": {"data": "x" * LARGE_REQUEST_BYTES}}).SerializeToString()
    with grpc.insecure_channel(address, OWN_CONNECTION) as channel:
        calls = [method(channel).future(large, timeout=TIMEOUT_SECONDS) for _ in range(2)]
        wait_for(lambda: bool(begun))
        assert [run(channel, everything()) for _ in range(10)] == [want()] * 10
        assert len(begun) == 1
        gate.set()
        assert [call.code() for call in calls] == [grpc.StatusCode.OK] * 2
    server.stop(None)


@needs_proc
def test_as_many_of_the_largest_requests_as_are_taken_at_a_time_fit_into_the_pod_that_we_install() -> None:
    largest = largest_request()
    requests = [largest.replace(b"VARIABLE", b"VAR%05d" % index) for index in range(WORKERS)]
    with (
        running(module="zerotouch_function", environment=IMAGE_ENVIRONMENT) as function,
        grpc.insecure_channel(function.address, [*OWN_CONNECTION, ("grpc.max_receive_message_length", -1)]) as channel,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        codes = list(pool.map(lambda data: method(channel).future(data, timeout=60).code(), requests))
        assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}  # beside many unread answers
        assert codes.count(grpc.StatusCode.OK) > WORKERS // 2
        assert function.high_water_bytes() < installed_limit_bytes(), function.high_water_bytes()


def largest_request() -> bytes:
    """A claim with as much environment as it may have, and objects that fill the 4 MiB of a request."""
    material = crossplane.captured()
    composite, observed = material["composite"], material["observed"]
    variables = [{"name": f"VARIABLE_{index}", "value": "x" * 16384} for index in range(64)]
    composite["spec"]["env"] = variables
    observed["deployment"]["spec"]["template"]["spec"]["containers"][0]["env"] = variables
    for manifest in observed.values():
        manifest["metadata"]["managedFields"] = ["x" * ((4 * MIB - 2100 * 1024) // len(observed))]
    return request(composite, observed=observed, function_input=crossplane.pipeline_input(crossplane.OURS)).SerializeToString()


def installed_limit_bytes() -> int:
    """The memory limit of the function's pods."""
    manifests = yaml.safe_load_all((ROOT / "platform/04-apis/base/function.yaml").read_text())
    config = next(one for one in manifests if one["kind"] == "DeploymentRuntimeConfig")
    container = config["spec"]["deploymentTemplate"]["spec"]["template"]["spec"]["containers"][0]
    return int(amount(container["resources"]["limits"]["memory"]))


def test_a_connection_has_512_requests_at_a_time(served: Function) -> None:
    host, _, port = served.address.rpartition(":")
    with socket.create_connection((host, int(port)), TIMEOUT_SECONDS) as connection, connection.makefile("rb") as stream:
        connection.sendall(HTTP2_PREFACE)
        length = int.from_bytes(stream.read(HTTP2_HEAD_BYTES)[:3])
        told = dict(struct.iter_unpack(">HI", stream.read(length)))
    assert told[MAX_CONCURRENT_STREAMS] == MAX_CONCURRENT_REQUESTS


def half_sent(channel: grpc.Channel) -> "grpc.StreamUnaryMultiCallable[bytes, bytes]":
    """Calls that have begun and whose bytes are still to come."""
    return channel.stream_unary(METHOD)


def sent_after(gate: threading.Event) -> Iterator[bytes]:
    gate.wait(TIMEOUT_SECONDS)
    yield everything().SerializeToString()

"""The function as a process, called over the network as Crossplane calls it."""

import os
import random
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from crossplane.function.proto.v1 import run_function_pb2 as v1
from crossplane.function.proto.v1beta1 import run_function_pb2 as v1beta1
from crossplane.function.proto.v1beta1 import run_function_pb2_grpc as v1beta1_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.function.authority import Authority
from tests.function.crossplane_requests import XR, everything, request
from tests.function.process import METHOD, OWN_CONNECTION, ROOT, TIMEOUT_SECONDS, Function, method, run, running, wait_for, want
from tests.function.stand_in import compose, refuse
from zerotouch_function.protocol.runner import Runner


@pytest.fixture(scope="module")
def function() -> Iterator[Function]:
    with running() as function:
        yield function


@pytest.fixture
def channel(function: Function) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(function.address) as channel:
        yield channel


def test_v1_and_v1beta1_get_the_same_answer(channel: grpc.Channel) -> None:
    assert run(channel, everything()) == want()
    beta = v1beta1.RunFunctionRequest.FromString(everything().SerializeToString())
    stub = v1beta1_grpc.FunctionRunnerServiceStub(channel)  # type: ignore[no-untyped-call]  # the SDK's
    got = stub.RunFunction(beta, timeout=TIMEOUT_SECONDS)
    assert v1.RunFunctionResponse.FromString(got.SerializeToString()) == want()


@pytest.mark.parametrize("service", ["", "apiextensions.fn.proto.v1.FunctionRunnerService"])
def test_health_is_serving(channel: grpc.Channel, service: str) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    got = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT_SECONDS)
    assert got.status == health_pb2.HealthCheckResponse.SERVING


def test_damaged_bytes_get_an_answer_each_and_the_function_goes_on(channel: grpc.Channel) -> None:
    whole, dice = everything().SerializeToString(), random.Random(1)
    random_bytes = [dice.randbytes(dice.randint(1, 400)) for _ in range(100)]
    truncated = [whole[: dice.randrange(len(whole))] for _ in range(100)]
    for data in [*random_bytes, *truncated]:
        try:
            answer = v1.RunFunctionResponse.FromString(method(channel)(data, timeout=TIMEOUT_SECONDS))
            assert answer.meta.ttl.seconds in (15, 60)
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT  # noqa: PT017  # or an answer
            assert str(error.details()).startswith("request: ")  # noqa: PT017
    assert run(channel, everything()) == want()


@dataclass(frozen=True)
class Refused:
    reason: str
    data: bytes
    code: grpc.StatusCode
    details: str


REFUSED: Final = [
    Refused("no protobuf", b"\xff\xff", grpc.StatusCode.INVALID_ARGUMENT, "request: 2 bytes cannot be read"),
    Refused("a bug", request({**XR, "spec": {"bug": True}}).SerializeToString(), grpc.StatusCode.INTERNAL, "KeyError in the function"),
    Refused("too large", bytes(5 * 1024 * 1024), grpc.StatusCode.RESOURCE_EXHAUSTED, "Received message larger than max"),
    Refused("20 MiB", bytes(20 * 1024 * 1024), grpc.StatusCode.RESOURCE_EXHAUSTED, "Received message larger than max"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.reason)
def test_what_cannot_be_answered_gets_a_status_that_says_why(channel: grpc.Channel, case: Refused) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        method(channel)(case.data, timeout=TIMEOUT_SECONDS)
    assert raised.value.code() is case.code
    assert case.details in str(raised.value.details())


def test_a_call_without_a_request_gets_a_status_that_says_so(channel: grpc.Channel) -> None:
    nothing: grpc.StreamUnaryMultiCallable[bytes, bytes] = channel.stream_unary(METHOD)
    with pytest.raises(grpc.RpcError) as raised:
        nothing(iter(()), timeout=TIMEOUT_SECONDS)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert raised.value.details() == "request: is missing; send one message"


def test_a_bug_is_logged_with_its_traceback(function: Function, channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError):
        run(channel, request({**XR, "spec": {"bug": True}}))
    function.wait_for_log("request failed")
    line = next(line for line in function.log if line["event"] == "request failed")
    assert line["level"] == "error"
    assert 'raise KeyError("bug")' in line["exception"]


def test_a_request_of_almost_the_limit_is_answered(channel: grpc.Channel) -> None:
    message = request(observed={f"c{i}": {**XR, "data": {"text": "x" * 100_000}} for i in range(38)})
    assert len(run(channel, message).desired.resources) == 1


def test_64_requests_at_once_are_all_answered(channel: grpc.Channel) -> None:
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: run(channel, everything()), range(256)))
    assert all(answer == want() for answer in answers)


def test_others_are_answered_while_clients_dawdle(function: Function, channel: grpc.Channel) -> None:
    gate = threading.Event()

    def dawdle() -> Iterator[bytes]:
        gate.wait(TIMEOUT_SECONDS)
        yield request(None).SerializeToString()

    with grpc.insecure_channel(function.address, OWN_CONNECTION) as slow:
        slowly: grpc.StreamUnaryMultiCallable[bytes, bytes] = slow.stream_unary(METHOD)
        calls = [slowly.future(dawdle(), timeout=TIMEOUT_SECONDS) for _ in range(20)]
        assert run(channel, everything()) == want()
        gate.set()
        answers = [v1.RunFunctionResponse.FromString(call.result()) for call in calls]
    assert all(answer.results[0].severity == v1.SEVERITY_FATAL for answer in answers)


def test_an_expired_deadline_harms_nobody(channel: grpc.Channel) -> None:
    calls = [method(channel).future(everything().SerializeToString(), timeout=i / 100_000) for i in range(100)]
    codes = {call.code() for call in calls}
    assert grpc.StatusCode.DEADLINE_EXCEEDED in codes
    assert codes <= {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.OK}
    assert run(channel, everything()) == want()


def test_metrics_count_requests_by_kind_and_outcome() -> None:
    with running() as function, grpc.insecure_channel(function.address) as channel:
        for xr in (XR, XR, {**XR, "spec": {"size": "wrong"}}, {**XR, "kind": "XOther"}):
            run(channel, request(xr))
        with pytest.raises(grpc.RpcError):
            method(channel)(b"\xff", timeout=TIMEOUT_SECONDS)
        text = urllib.request.urlopen(f"http://{function.metrics_address}/metrics", timeout=TIMEOUT_SECONDS).read().decode()
    for line in (
        'function_requests_total{kind="XDemo",outcome="composed"} 2.0',
        'function_requests_total{kind="XDemo",outcome="refused"} 1.0',
        'function_requests_total{kind="",outcome="refused"} 1.0',
        'function_requests_total{kind="",outcome="damaged"} 1.0',
        "function_request_duration_seconds_count 5.0",
        "function_requests_in_flight 0.0",
    ):
        assert line in text.splitlines()
    assert "process_resident_memory_bytes" in text


def test_a_request_is_logged_with_debug_only() -> None:
    with running("--debug") as function, grpc.insecure_channel(function.address) as channel:
        run(channel, request())
        function.wait_for_log("request")
        assert function.log[-1]["kind"] == "XDemo"


def test_sigterm_under_load_loses_no_answered_request() -> None:
    data = everything().SerializeToString()
    answer = Runner(compose, refuse).run(data)
    with running("--debug") as function, grpc.insecure_channel(function.address) as channel, ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(call_until_unavailable, channel, data) for _ in range(8)]
        wait_for(lambda: sum(line["event"] == "request" for line in function.log) > 300)
        assert function.stop() == 0
        function.wait_for_log("stopped")
        answers = [got for caller in callers for got in caller.result()]
    assert set(answers) == {answer}
    assert len(answers) == sum(line["event"] == "request" for line in function.log)


def call_until_unavailable(channel: grpc.Channel, data: bytes) -> list[bytes]:
    """All answers until the function ends; a call that it never took is told so, and Crossplane makes it again."""
    answers = []
    while True:
        try:
            answers.append(method(channel)(data, timeout=TIMEOUT_SECONDS))
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.UNAVAILABLE  # noqa: PT017  # or an answer
            return answers


def test_mutual_tls_asks_every_caller_for_a_certificate(tmp_path: Path) -> None:
    authority, stranger = Authority.new(), Authority.new()
    authority.write_server(tmp_path)
    with running(certificates=tmp_path) as function:
        with grpc.secure_channel(function.address, authority.client()) as channel:
            assert run(channel, everything()) == want()
        anonymous = grpc.ssl_channel_credentials(root_certificates=authority.certificate_pem)
        for credentials in (anonymous, stranger.client(trusting=authority)):
            with grpc.secure_channel(function.address, credentials) as channel, pytest.raises(grpc.RpcError) as raised:
                method(channel)(b"", timeout=TIMEOUT_SECONDS)
            assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


def test_renewed_certificates_are_used_without_a_restart(tmp_path: Path) -> None:
    old, new = Authority.new(), Authority.new()
    old.write_server(tmp_path)
    with running(certificates=tmp_path) as function:
        with grpc.secure_channel(function.address, old.client()) as before:
            assert run(before, everything()) == want()
            key, _ = new.issue()
            for name, content in (("ca.crt", b""), ("tls.key", b"half a renewal"), ("tls.key", key)):
                (tmp_path / name).write_bytes(content)
                with grpc.secure_channel(function.address, old.client()) as meanwhile:
                    assert run(meanwhile, everything()) == want()
            new.write_server(tmp_path)
            with grpc.secure_channel(function.address, new.client()) as after:
                assert run(after, everything()) == want()
            assert run(before, everything()) == want()
        with grpc.secure_channel(function.address, old.client()) as late, pytest.raises(grpc.RpcError):
            method(late)(b"", timeout=TIMEOUT_SECONDS)


@dataclass(frozen=True)
class NoStart:
    reason: str
    options: tuple[str, ...]
    want: str


def no_starts() -> list[NoStart]:
    metrics = "--metrics-address="
    return [
        NoStart("no certificates", (metrics,), "Error: --tls-certs-dir: names no folder; "),
        NoStart("no folder", ("--tls-certs-dir", "/nowhere", metrics), "Error: --tls-certs-dir /nowhere: cannot be used: "),
        NoStart("half an address", ("--insecure", "--address", ":::9443", metrics), 'Error: --address: ":::9443" is not an address; '),
        NoStart("no port", ("--insecure", "--address", "here", metrics), 'Error: --address: "here" is not an address; '),
        NoStart(
            "metrics without a port", ("--insecure", "--address", "127.0.0.1:0", "--metrics-address", "x"), "Error: --metrics-address: "
        ),
        NoStart("a size of nothing", ("--insecure", "--max-recv-message-size", "0"), '"0" is no number from 1 to 1024'),
    ]


@pytest.mark.parametrize("case", no_starts(), ids=lambda case: case.reason)
def test_a_function_that_cannot_start_says_why_and_ends(case: NoStart) -> None:
    ended = start(*case.options)
    assert ended.returncode != 0
    assert case.want in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_is_told(function: Function) -> None:
    taken = start("--insecure", "--address", function.address, "--metrics-address=")
    assert taken.returncode == 1
    assert f"Error: --address {function.address}: cannot be listened on: " in taken.stderr
    taken = start("--insecure", "--address", "127.0.0.1:0", "--metrics-address", function.metrics_address)
    assert taken.returncode == 1
    assert f"Error: --metrics-address {function.metrics_address}: cannot be listened on" in taken.stderr


@pytest.mark.parametrize("name", ["tls.crt", "tls.key", "ca.crt"])
def test_a_file_that_is_empty_is_told(tmp_path: Path, name: str) -> None:
    """gRPC takes an empty authority, and then refuses every caller."""
    Authority.new().write_server(tmp_path)
    (tmp_path / name).write_bytes(b"")
    ended = start("--address", "127.0.0.1:0", "--metrics-address=", "--tls-certs-dir", str(tmp_path))
    assert (ended.returncode, f"Error: --tls-certs-dir {tmp_path}: cannot be used: {name} is no PEM file" in ended.stderr) == (1, True)


def test_a_key_of_another_certificate_is_told(tmp_path: Path) -> None:
    Authority.new().write_server(tmp_path)
    key, _ = Authority.new().issue()
    (tmp_path / "tls.key").write_bytes(key)
    ended = start("--address", "127.0.0.1:0", "--metrics-address=", "--tls-certs-dir", str(tmp_path))
    assert ended.returncode == 1
    assert f"Error: --tls-certs-dir {tmp_path}: holds a key of another certificate, or " in ended.stderr
    assert "Invalid private key" in ended.stderr


def test_the_image_runs_the_same_command_with_our_apis() -> None:
    ended = start(module="zerotouch_function")
    assert (ended.returncode, ended.stderr.splitlines()[-1][:42]) == (1, "Error: --tls-certs-dir: names no folder; n")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc here to look into")
def test_the_image_serves_tls_without_openssl(tmp_path: Path) -> None:
    authority = Authority.new()
    authority.write_server(tmp_path)
    with running(certificates=tmp_path, module="zerotouch_function") as function:
        with grpc.secure_channel(function.address, authority.client()) as channel, pytest.raises(grpc.RpcError) as raised:
            method(channel)(b"no request", timeout=TIMEOUT_SECONDS)
        assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        loaded = Path(f"/proc/{function.process.pid}/maps").read_text()
    assert "cygrpc" in loaded
    assert not re.search("libcrypto|libssl|_hashlib", loaded)


def start(*options: str, module: str = "tests.function.stand_in") -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "TLS_SERVER_CERTS_DIR"}
    command = [sys.executable, "-m", module, *options]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)

"""Metrics are answered to everybody, whatever somebody else does with the port."""

import socket
import urllib.request

import pytest

from benchmarks.servers import free_port
from zerotouch_function.serving.address import listen
from zerotouch_function.serving.options import StartError
from zerotouch_function.serving.scrape import CALLERS, REQUEST_BYTES, SECONDS, serve_metrics

TIMEOUT_SECONDS = 30


@pytest.fixture(scope="module")
def port() -> int:
    port = free_port()
    serve_metrics(f"127.0.0.1:{port}", lambda: "answered 1.0\n")
    return port


def scrape(port: int, *, timeout_seconds: float = TIMEOUT_SECONDS) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=timeout_seconds) as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return str(response.read().decode())


def test_metrics_are_answered(port: int) -> None:
    assert scrape(port) == "answered 1.0\n"


def test_callers_that_say_nothing_hold_nobody_up(port: int) -> None:
    """The kubelet takes 5 s for no answer. Whoever came first of too many is hung up on."""
    silent = [socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) for _ in range(4 * CALLERS)]
    assert scrape(port, timeout_seconds=SECONDS) == "answered 1.0\n"
    assert silent[0].recv(1) == b""
    for connection in silent:
        connection.close()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
@pytest.mark.parametrize("host", ["0.0.0.0", "[::]"])
def test_every_address_is_one_of_ipv6_too(host: str) -> None:
    with listen(f"{host}:0", "--metrics-address") as listener:
        for called in ("127.0.0.1", "::1"):
            socket.create_connection((called, listener.getsockname()[1]), timeout=TIMEOUT_SECONDS).close()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_an_address_of_ipv6_is_listened_on_alone() -> None:
    with listen("[::1]:0", "--address") as listener:
        assert listener.getsockname()[0] == "::1"


@pytest.mark.parametrize("address", ["here", ":8080", "::1:8080", "here:", "here:x", "here:65536"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(StartError, match=rf'^--address: "{address}" is not an address; write host:port'):
        listen(address, "--address")


def test_an_endless_request_is_hung_up_on(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\n" + b"a" * REQUEST_BYTES * 2)
            assert connection.recv(1) == b""
        except ConnectionError:
            pass
    assert scrape(port) == "answered 1.0\n"


def test_a_port_that_is_taken_is_told(port: int) -> None:
    with pytest.raises(StartError, match="cannot be listened on"):
        serve_metrics(f"127.0.0.1:{port}", str)

"""Calls of other servers: where they go, whom they trust, and how their bodies are sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.function.authority import Authority
from tests.sidecar.calls import OK, got, saying
from tests.sidecar.loops import LOOPBACK, echo, run, serving, talking, until
from zerotouch_sidecar.http.errors import ConnectError
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.http.upstream import Upstream


def test_nobody_there_is_told_as_nothing_sent() -> None:
    async def work() -> None:
        async with talking(saying()) as port:
            pass
        with pytest.raises(ConnectError) as caught:
            await got(Upstream(f"http://{LOOPBACK}:{port}"))
        assert (caught.value.sent, caught.value.received) == (False, False)

    run(work())


def test_a_host_that_is_no_name_is_told_as_nothing_sent() -> None:
    async def work() -> None:
        with pytest.raises(ConnectError, match="the host is no name"):
            await got(Upstream("http://otel..example:4318"))

    run(work())


def test_a_body_that_breaks_is_never_taken_for_a_whole_one() -> None:
    got_whole: list[bytes] = []

    async def handler(request: Request, responder: Responder) -> None:
        got_whole.append(await request.body.read(2**20))

    async def pieces() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError("broken")

    async def work() -> None:
        async with serving(handler) as server:
            with pytest.raises(ValueError, match="broken"):
                await Upstream(f"http://{LOOPBACK}:{server.port}").request(b"POST", b"/", [], pieces())
            await until(lambda: server.connections == 0)

    run(work())
    assert got_whole == []


def test_an_answer_may_come_before_the_body_is_sent() -> None:
    stopped = asyncio.Event()

    async def refuse(request: Request, responder: Responder) -> None:
        await responder.send(413, [])

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
                await asyncio.sleep(0)
        finally:
            stopped.set()

    async def work() -> None:
        async with serving(refuse) as server:
            answer = await Upstream(f"http://{LOOPBACK}:{server.port}").request(b"POST", b"/", [], endless())
            assert answer.status == 413
            answer.close()
            await stopped.wait()

    run(work())


def test_the_base_urls_path_comes_before_the_target() -> None:
    async def work() -> None:
        async with serving(echo) as server:
            answer = await Upstream(f"http://{LOOPBACK}:{server.port}/v1/").request(b"GET", b"/models?a=b", [])
            assert (b"x-target", b"/v1/models?a=b") in answer.headers
            await answer.read(100)

    run(work())


def test_tls_trusts_the_given_authority_and_no_other(tmp_path: Path) -> None:
    authority, stranger = Authority.new(), Authority.new()
    for name, each in (("ours", authority), ("other", stranger)):
        (tmp_path / name).mkdir()
        each.write_server(tmp_path / name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "ours" / "tls.crt", tmp_path / "ours" / "tls.key")

    async def work() -> None:
        server = await asyncio.start_server(saying(OK), LOOPBACK, 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        url = f"https://localhost:{port}"
        ours, others = (ssl.create_default_context(cafile=tmp_path / name / "ca.crt") for name in ("ours", "other"))
        assert await got(Upstream(url, tls=ours)) == (200, b"ok")
        for stricter in (others, None):  # None: the system's authorities
            with pytest.raises(ConnectError):
                await got(Upstream(url, tls=stricter))
        server.close()

    run(work())

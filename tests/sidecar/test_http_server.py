"""The requests of a connection, one after the other or sent ahead, with bodies of every kind."""

import socket

import pytest

from tests.sidecar.loops import GET, POST, ask, connected, echo, run, serving, until
from zerotouch_sidecar.http.body import HIGH_WATER_BYTES
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.http.server import listening


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_everywhere_is_everywhere_of_ipv6_too(host: str) -> None:
    with listening(host, 0) as listener:
        for called in ("127.0.0.1", "::1"):
            socket.create_connection((called, listener.getsockname()[1]), timeout=10).close()


def test_a_connection_serves_one_request_after_the_other() -> None:
    async def work() -> None:
        async with serving(echo) as server, connected(server.port) as client:
            for body in (b"", b"one", b"x" * 100_000):
                await client.send(POST % len(body) + body)
                status, headers, answer = await client.answer()
                assert (status, headers[b"x-target"], answer) == (200, b"/a", body)

    run(work())


def test_requests_that_are_sent_ahead_are_answered_in_order() -> None:
    async def work() -> None:
        async with serving(echo) as server, connected(server.port) as client:
            await client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(100)))
            assert [(await client.answer())[1][b"x-target"] for _ in range(100)] == [b"/%d" % n for n in range(100)]

    run(work())


def test_the_body_of_a_request_that_is_sent_ahead_may_arrive_after_the_answer_before_it() -> None:
    async def work() -> None:
        async with serving(echo) as server, connected(server.port) as client:
            await client.send(POST % 3 + b"one" + POST % 6 + b"two")
            assert (await client.answer())[2] == b"one"
            await client.send(b"two" + GET)
            assert (await client.answer())[2] == b"twotwo"
            assert (await client.answer())[0] == 200

    run(work())


def test_a_body_that_was_left_unread_does_not_hold_up_the_next_request() -> None:
    async def refusing(request: Request, responder: Responder) -> None:
        await until(lambda: request.body.is_complete)
        await responder.send(404, [])

    async def work() -> None:
        async with serving(refusing) as server, connected(server.port) as client:
            await client.send(POST % (HIGH_WATER_BYTES + 1) + b"x" * (HIGH_WATER_BYTES + 1))
            assert (await client.answer())[0] == 404
            await client.send(POST % 3 + b"one")
            assert (await client.answer())[0] == 404

    run(work())


def test_chunks_arrive_as_they_are_sent_and_trailers_are_dropped() -> None:
    async def work() -> None:
        async with serving(echo) as server, connected(server.port) as client:
            await client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for size in (1, 10, 70_000):
                await client.send(b"%x;ext=1\r\n" % size + b"y" * size + b"\r\n")
            await client.send(b"0\r\nHost: evil\r\nX-Trailer: 1\r\n\r\n" + GET)
            assert await client.answer() == (200, {b"x-target": b"/a", b"content-length": b"70011"}, b"y" * 70_011)
            assert (await client.answer())[0] == 200

    run(work())


def test_a_client_that_asks_first_is_told_to_go_on_when_its_body_is_wanted() -> None:
    async def work() -> None:
        async with serving(echo) as server, connected(server.port) as client:
            await client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            await client.send(b"hi")
            assert (await client.answer())[2] == b"hi"

    run(work())


def test_a_client_that_asks_first_is_spared_sending_what_is_refused() -> None:
    async def refuse(request: Request, responder: Responder) -> None:
        await responder.send(403, [], b"no")

    async def work() -> bytes:
        async with serving(refuse) as server:
            return await ask(server.port, b"POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n")

    said = run(work())
    assert said.startswith(b"HTTP/1.1 403 ")
    assert b"connection: close" in said

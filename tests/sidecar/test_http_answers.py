"""The answers that clients get, and what becomes of a handler whose client leaves."""

import asyncio

import pytest

from tests.sidecar.loops import GET, LAST, ask, connected, run, serving, until
from zerotouch_sidecar.http.message import Request, Responder


@pytest.mark.parametrize("status", [204, 304])
def test_answers_that_have_no_body_have_none(status: int) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.send(status if request.method == b"GET" else 200, [], b"body")

    async def work() -> bytes:
        async with serving(handler) as server:
            return await ask(server.port, GET + b"HEAD /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    said = run(work())
    assert said.count(b"HTTP/1.1 ") == 2
    assert said.endswith(b"\r\n\r\n")


def test_http_1_0_gets_a_body_that_ends_with_the_connection() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [])
        await responder.write(b"one")
        await responder.end(b"two")

    async def work() -> bytes:
        async with serving(handler) as server:
            return await ask(server.port, b"GET / HTTP/1.0\r\n\r\n")

    assert run(work()) == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nonetwo"


def test_a_handler_ends_when_its_client_leaves_and_may_put_things_in_order() -> None:
    seen: list[str] = []

    async def handler(request: Request, responder: Responder) -> None:
        try:
            seen.append("started")
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            seen.append(f"gone={responder.gone}")

    async def work() -> None:
        async with serving(handler) as server:
            async with connected(server.port) as client:
                await client.send(GET)
                await until(lambda: seen == ["started"])
            await until(lambda: len(seen) == 2)

    run(work())
    assert seen == ["started", "gone=True"]


def test_work_behind_a_whole_answer_goes_on_when_the_client_leaves() -> None:
    seen: list[str] = []

    async def handler(request: Request, responder: Responder) -> None:
        await responder.send(200, [])
        await until(lambda: "left" in seen)
        seen.append("done")

    async def work() -> None:
        async with serving(handler) as server:
            async with connected(server.port) as client:
                await client.send(GET)
                await client.answer()
            await until(lambda: server.connections == 0)
            seen.append("left")
            await until(lambda: "done" in seen)

    run(work())


@pytest.mark.parametrize("part", ["before", "within"])
def test_a_handlers_mistake_is_a_500_or_a_cut_answer_and_never_a_whole_one(part: str) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        if part == "within":
            await responder.start(200, [])
            await responder.write(b"half")
        raise ValueError("what only the log tells")

    async def work() -> bytes:
        async with serving(handler) as server:
            return await ask(server.port, LAST)

    said = run(work())
    assert said.startswith(b"HTTP/1.1 500 ") if part == "before" else b"0\r\n\r\n" not in said
    assert b"only the log" not in said


@pytest.mark.parametrize("said", [b"short", b"longer than announced"])
def test_an_answer_that_is_not_as_long_as_announced_is_cut(said: bytes) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [(b"content-length", b"10")])
        await responder.write(said)
        await responder.end()

    async def work() -> bytes:
        async with serving(handler) as server:
            return await ask(server.port, GET + GET)

    assert run(work()).count(b"HTTP/1.1 200") <= 1


def test_a_header_of_ours_cannot_hold_a_line_break() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.send(200, [(b"x", b"a\r\nset-cookie: b")])

    async def work() -> bytes:
        async with serving(handler) as server:
            return await ask(server.port, LAST)

    said = run(work())
    assert b"set-cookie" not in said

"""Hooks see what passes the ingress, and may refuse it."""

import json

import pytest

from tests.sidecar.agents import GET, fronting
from tests.sidecar.loops import connected, echo, run, serving, until
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.plugins.hooks import Exchange, Outcome, Refusal


class Guard:
    """A hook that keeps a path closed, marks what passes, and remembers how it ended."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, int, bool]] = []

    async def before(self, exchange: Exchange) -> Refusal | None:
        if exchange.target == "/broken":
            raise RuntimeError("a plugin's mistake")
        exchange.headers.append((b"x-guard", b"passed"))
        return Refusal(451, "not here") if exchange.target == "/closed" else None

    async def after(self, exchange: Exchange, outcome: Outcome) -> None:
        self.ended.append((exchange.target, outcome.status, outcome.is_whole))
        raise RuntimeError("a plugin's mistake that comes too late to matter")


def test_hooks_decide_before_and_learn_after_and_their_mistakes_let_nothing_through() -> None:
    guard, reached = Guard(), []

    async def handler(request: Request, responder: Responder) -> None:
        reached.append((request.target, request.header(b"x-guard")))
        await responder.send(200, [])

    async def work() -> list[int]:
        async with serving(handler) as server, fronting(server.port, hooks=[("guard", guard)]) as front, connected(front.port) as client:
            statuses = []
            for path in (b"/open", b"/closed", b"/broken"):
                await client.send(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)
                statuses.append((await client.answer())[0])
            await until(lambda: len(guard.ended) == 3)
            return statuses

    assert run(work()) == [200, 451, 500]
    assert reached == [(b"/open", b"passed")]
    assert guard.ended == [("/open", 200, True), ("/closed", 451, True), ("/broken", 500, True)]


@pytest.mark.parametrize(
    "status, title",
    [
        (400, "Bad Request"),
        (499, None),
        (599, None),
        (399, "Internal Server Error"),
        (600, "Internal Server Error"),
        (200, "Internal Server Error"),
    ],
)
def test_a_hook_refuses_with_any_status_of_an_error_and_with_no_other(status: int, title: str | None) -> None:
    class Refusing(Guard):
        async def before(self, exchange: Exchange) -> Refusal | None:
            return Refusal(status, "not now")

    async def work() -> tuple[int, dict[bytes, bytes], bytes]:
        async with fronting(1, hooks=[("guard", Refusing())]) as front, connected(front.port) as client:
            await client.send(GET % b"")
            return await client.answer()

    is_error = 400 <= status <= 599
    got, headers, body = run(work())
    told = {"type": "about:blank", "status": status if is_error else 500, "detail": "not now" if is_error else "the hook guard failed"}
    assert (got, json.loads(body)) == (told["status"], {**told, "title": title} if title else told)
    assert headers[b"content-type"] == b"application/problem+json"


def test_a_body_that_does_not_come_is_counted_as_what_its_client_is_told() -> None:
    guard = Guard()

    async def work() -> None:
        async with (
            serving(echo) as server,
            fronting(server.port, idle_seconds=0.1, hooks=[("guard", guard)]) as front,
            connected(front.port) as client,
        ):
            await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nX-Agent-Request-Id: 7\r\nContent-Length: 9\r\n\r\nhalf")
            status, headers, _ = await client.answer()
            assert (status, headers[b"x-agent-request-id"]) == (408, b"7")
            await until(lambda: guard.ended == [("/", 408, True)])
            assert 'count{http_request_method="POST",http_response_status_code="408"} 1' in front.registry.text()

    run(work())


class Mistaken(Guard):
    """A hook that leaves a header as text, where headers are bytes."""

    async def before(self, exchange: Exchange) -> Refusal | None:
        exchange.headers.append(("x-guard", "passed"))  # type: ignore[arg-type]  # its mistake
        return None


def test_a_mistake_in_the_sidecar_is_counted_as_the_500_that_its_client_is_told() -> None:
    guard = Mistaken()

    async def work() -> None:
        async with serving(echo) as server, fronting(server.port, hooks=[("guard", guard)]) as front, connected(front.port) as client:
            await client.send(GET % b"X-Agent-Request-Id: 7\r\n")
            status, headers, body = await client.answer()
            assert (status, headers[b"x-agent-request-id"]) == (500, b"7")
            assert json.loads(body)["detail"] == "the sidecar made a mistake; its log says more"
            await until(lambda: [status for _, status, _ in guard.ended] == [500])
            assert 'count{http_request_method="GET",http_response_status_code="500"} 1' in front.registry.text()

    run(work())

"""What a client is told by the ingress: of an agent that fails or has ended, of its card, and in the metrics."""

import asyncio
import json

import pytest

from tests.sidecar.agents import GET, agent, fronting
from tests.sidecar.loops import ask, connected, echo, endless, head_of, run, serving, talking, until
from zerotouch_sidecar.config.structs import Card
from zerotouch_sidecar.http.message import Request, Responder

CARD = Card(name="researcher", url="http://researcher.ns.svc.cluster.local:8080")


@pytest.mark.parametrize(
    "said, status, detail",
    [
        (None, 503, "the agent cannot be reached"),
        (b"", 502, "the connection ended before the answer did"),
        (b"nonsense\r\n\r\n", 502, "not an HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 502, "not an HTTP answer"),
    ],
    ids=["nobody listens", "it hangs up", "it speaks something else", "it smuggles"],
)
def test_a_client_is_told_what_is_wrong_with_the_agent(said: bytes | None, status: int, detail: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(said or b"")

    async def work() -> tuple[int, dict[bytes, bytes], bytes]:
        async with talking(talk) as port:
            if said is not None:
                async with fronting(port) as front, connected(front.port) as client:
                    await client.send(GET % b"")
                    return await client.answer()
        async with fronting(port) as front, connected(front.port) as client:
            await client.send(GET % b"X-Agent-Request-Id: 7\r\n")
            return await client.answer()

    got, headers, body = run(work())
    told = json.loads(body)
    assert (got, told["status"], headers[b"content-type"]) == (status, status, b"application/problem+json")
    assert detail in told["detail"]
    assert b"x-agent-request-id" in headers


def test_a_client_that_meets_an_agent_that_has_ended_is_let_go_to_another_one() -> None:
    async def work() -> None:
        async with serving(echo) as server, fronting(server.port) as front, connected(front.port) as client:
            await client.send(GET % b"")
            status, headers, _ = await client.answer()
            assert (status, headers.get(b"connection")) == (200, None)
            await server.drain(0)
            await client.send(GET % b"")
            status, headers, _ = await client.answer()
            assert (status, headers[b"retry-after"], headers[b"connection"]) == (503, b"1", b"close")
            assert await client.is_closed()

    run(work())


def test_an_agent_that_never_answers_is_a_504() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def work() -> int:
        async with (
            talking(silent) as port,
            fronting(port, idle_seconds=0.1) as front,
            connected(front.port) as client,
        ):
            await client.send(GET % b"")
            return (await client.answer())[0]

    assert run(work()) == 504


@pytest.mark.parametrize("is_chunked", [True, False])
def test_an_answer_that_breaks_off_is_never_whole_for_the_client(is_chunked: bool) -> None:
    framing = b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n" if is_chunked else b"Content-Length: 9\r\n\r\nhalf"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n" + framing)
        await writer.drain()

    async def work() -> bytes:
        async with talking(talk) as port, fronting(port) as front:
            said = await ask(front.port, GET % b"")
            assert 'agent_ingress_incomplete_total{by="agent"} 1' in front.registry.text()
            return said

    body = run(work()).partition(b"\r\n\r\n")[2]
    assert b"0\r\n\r\n" not in body
    assert len(body) < 9 + is_chunked * 10


def test_an_answer_that_breaks_off_is_never_whole_for_a_client_of_http_1_0() -> None:
    """It takes the end of the connection for the end of the answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        await writer.drain()

    async def work() -> None:
        async with talking(talk) as port, fronting(port) as front, connected(front.port) as client:
            await client.send(b"GET / HTTP/1.0\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                await client.reader.read()

    run(work())


def test_a_client_that_leaves_ends_the_agents_work() -> None:
    seen: list[str] = []

    async def work() -> None:
        async with agent(endless(seen)) as front:
            async with connected(front.port) as client:
                await client.send(GET % b"")
                await until(lambda: seen == ["started"])
            await until(lambda: seen == ["started", "ended"])
            await until(lambda: 'http_response_status_code="499"' in front.registry.text())

    run(work())


def test_an_agent_without_a_card_gets_one() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.send(404, [], b"nothing here")

    async def work() -> None:
        async with agent(handler, card=CARD) as front, connected(front.port) as client:
            await client.send(b"GET /.well-known/agent-card.json HTTP/1.1\r\nHost: a\r\n\r\n")
            status, headers, body = await client.answer()
            card = json.loads(body)
            assert (status, card["name"], card["supportedInterfaces"][0]["url"]) == (200, CARD.name, CARD.url)
            await client.send(
                b"GET /.well-known/agent-card.json HTTP/1.1\r\nHost: a\r\nIf-None-Match: %b\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
                % headers[b"etag"]
            )
            assert await head_of(client.reader)
            assert (await client.answer())[0] == 404

    run(work())


def test_an_agents_own_card_is_left_alone() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.send(200, [], b"own")

    async def work() -> bytes:
        async with agent(handler, card=CARD) as front, connected(front.port) as client:
            await client.send(b"GET /.well-known/agent-card.json HTTP/1.1\r\nHost: a\r\n\r\n")
            return (await client.answer())[2]

    assert run(work()) == b"own"


def test_requests_are_counted_by_method_and_status() -> None:
    async def work() -> str:
        async with agent(echo) as front, connected(front.port) as client:
            for _ in range(3):
                await client.send(GET % b"")
                await client.answer()
            await until(lambda: "http_server_active_requests 0" in front.registry.text())
            return front.registry.text()

    assert 'http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200"} 3' in run(work())

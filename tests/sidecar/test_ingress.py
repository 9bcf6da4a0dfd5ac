"""What the agent and its clients see through the ingress."""

import asyncio
import json
import re
import resource
import socket
import tracemalloc
from contextlib import ExitStack

import pytest

from tests.sidecar.agents import agent, fronting
from tests.sidecar.loops import LOOPBACK, ask, connected, echo, endless, head_of, run, serving, talking, until
from zerotouch_function.apis.agenttype.sidecar import MAX_CONNECTIONS
from zerotouch_function.resources.sizes import SIDECAR_SIZES
from zerotouch_sidecar.config.structs import Card
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.plugins.hooks import Exchange, Outcome, Refusal

GET = b"GET /a?b=c HTTP/1.1\r\nHost: researcher:8080\r\n%s\r\n"
CARD = Card(name="researcher", url="http://researcher.ns.svc.cluster.local:8080")
MIB = 2**20


def seen_by_agent(sent: bytes) -> dict[bytes, list[bytes]]:
    """The headers that reach the agent."""
    seen: dict[bytes, list[bytes]] = {}

    async def handler(request: Request, responder: Responder) -> None:
        for name, value in request.headers:
            seen.setdefault(name, []).append(value)
        await responder.send(200, [])

    async def work() -> None:
        async with agent(handler) as front, connected(front.port) as client:
            await client.send(sent)
            assert (await client.answer())[0] == 200

    run(work())
    return seen


def test_the_agent_learns_who_asked_and_under_which_id() -> None:
    seen = seen_by_agent(GET % b"")
    assert seen[b"host"] == [b"researcher:8080"]
    assert seen[b"x-forwarded-for"] == [b"127.0.0.1"]
    assert seen[b"x-forwarded-host"] == [b"researcher:8080"]
    assert seen[b"x-forwarded-proto"] == [b"http"]
    assert re.fullmatch(rb"[0-9a-f]{32}", seen[b"x-agent-request-id"][0])
    assert b"traceparent" not in seen, "an agent that traces would take one that is not sampled for an order not to"


def test_what_a_proxy_before_us_said_is_added_to() -> None:
    seen = seen_by_agent(GET % b"X-Forwarded-For: 10.1.2.3\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: agents.example.com\r\n")
    assert seen[b"x-forwarded-for"] == [b"10.1.2.3, 127.0.0.1"]
    assert (seen[b"x-forwarded-proto"], seen[b"x-forwarded-host"]) == ([b"https"], [b"agents.example.com"])


def test_what_proxies_before_us_said_in_several_lines_is_one_list() -> None:
    lines = (
        b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 10.1.2.3, 10.1.2.4\r\n"
        b"X-Forwarded-For:\r\nX-Forwarded-Proto: http\r\n"
    )
    seen = seen_by_agent(GET % lines)
    assert seen[b"x-forwarded-for"] == [b"192.0.2.1, 10.1.2.3, 10.1.2.4, 127.0.0.1"]
    assert seen[b"x-forwarded-proto"] == [b"https, http"]


def test_a_trace_and_an_id_are_taken_over() -> None:
    parent = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    seen = seen_by_agent(GET % (b"X-Agent-Request-Id: order-7\r\ntraceparent: " + parent + b"\r\ntracestate: a=b\r\n"))
    assert seen[b"x-agent-request-id"] == [b"order-7"]
    assert seen[b"traceparent"] == [parent], "nobody is told of a span of ours that the agent's could be below"
    assert seen[b"tracestate"] == [b"a=b"]


@pytest.mark.parametrize("given", [b"x" * 129, b"a b", b'"quoted"', b""])
def test_an_id_that_fits_into_no_log_is_replaced(given: bytes) -> None:
    seen = seen_by_agent(GET % (b"X-Agent-Request-Id: %b\r\n" % given))
    assert re.fullmatch(rb"[0-9a-f]{32}", seen[b"x-agent-request-id"][0])


def test_headers_of_this_hop_and_of_ours_do_not_pass() -> None:
    seen = seen_by_agent(
        GET
        % b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Connection: x\r\nUpgrade: h2c\r\n"
        b"X-Agent-Provider: evil\r\nX_Agent_Request_Id: evil\r\nX_Forwarded_For: evil\r\nX-Kept: yes\r\n"
    )
    assert seen.keys() == {
        b"host",
        b"x-kept",
        b"x-agent-request-id",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
    }
    assert b"evil" not in b"".join(value for values in seen.values() for value in values)


def test_the_client_sees_the_agents_answer_and_the_id() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.send(418, [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"server", b"teapot")], b"short and stout")

    async def work() -> bytes:
        async with agent(handler) as front:
            return await ask(front.port, GET % b"X-Agent-Request-Id: 7\r\nConnection: close\r\n")

    said = run(work())
    assert said.startswith(b"HTTP/1.1 418 ")
    assert said.endswith(b"short and stout")
    assert said.count(b"set-cookie") == 2
    assert b"x-agent-request-id: 7\r\n" in said


def test_an_event_reaches_the_client_before_the_next_one_is_made() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [(b"content-type", b"text/event-stream")])
        for number in range(5):
            await responder.write(b"data: %d\n\n" % number)
            await received[number].wait()
        await responder.end()

    async def work() -> None:
        async with agent(handler) as front, connected(front.port) as client:
            await client.send(GET % b"")
            await head_of(client.reader)
            for number in range(5):
                assert await client.chunk() == b"data: %d\n\n" % number
                received[number].set()
            assert await client.chunk() == b""

    received = [asyncio.Event() for _ in range(5)]
    run(work())


def test_the_head_reaches_the_client_before_the_first_event_is_made() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [(b"content-type", b"text/event-stream")])
        await seen.wait()
        await responder.end(b"data: 1\n\n")

    async def work() -> None:
        async with agent(handler) as front, connected(front.port) as client:
            await client.send(GET % b"")
            await head_of(client.reader)
            seen.set()
            assert await client.chunk() == b"data: 1\n\n"

    seen = asyncio.Event()
    run(work())


def test_a_request_reaches_the_agent_while_it_is_being_sent() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await responder.start(200, [])
        async for chunk in request.body:
            await responder.write(chunk.upper())
        await responder.end()

    async def work() -> None:
        async with agent(handler) as front, connected(front.port) as client:
            await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for word in (b"one", b"two", b"three"):
                await client.send(b"%x\r\n%b\r\n" % (len(word), word))
                if word == b"one":
                    await head_of(client.reader)
                assert await client.chunk() == word.upper()
            await client.send(b"0\r\n\r\n")
            assert await client.chunk() == b""

    run(work())


WEBSOCKET = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def test_a_websocket_passes_both_ways_until_one_side_ends_it() -> None:
    heads: list[bytes] = []
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head_of(reader))
        writer.write(SWITCHED + b"\x81\x05hello")
        while data := await reader.read(65536):
            writer.write(data)
        ended.set()

    async def work() -> None:
        async with talking(talk) as port, fronting(port) as front:
            async with connected(front.port) as client:
                await client.send((GET % WEBSOCKET) + b"\x81\x02hi")
                head = await head_of(client.reader)
                assert head.startswith(b"HTTP/1.1 101 ")
                assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
                assert await client.reader.readexactly(11) == b"\x81\x05hello\x81\x02hi"
                large = b"\x82\x7f" + b"y" * 3 * MIB
                sending = asyncio.ensure_future(client.send(large))
                assert await client.reader.readexactly(len(large)) == large
                await sending
            await ended.wait()

    run(work())
    assert b"upgrade: websocket" in heads[0]
    assert b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==" in heads[0]


def test_the_agent_may_end_a_websocket_too() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(SWITCHED + b"bye")
        await writer.drain()

    async def work() -> None:
        async with talking(talk) as port, fronting(port) as front:
            said = await ask(front.port, GET % WEBSOCKET)
            assert said.endswith(b"\r\n\r\nbye")
            await until(lambda: front.server.connections == 0)

    run(work())


@pytest.mark.parametrize("speaker", ["agent", "client"])
def test_an_exchange_in_which_one_side_alone_speaks_is_not_idle(speaker: str) -> None:
    words, first, end = 50, b"1\r\ny\r\n", b"0\r\n\r\n"

    async def speak(writer: asyncio.StreamWriter) -> None:
        for _ in range(words):
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.04)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + first)
        if speaker == "agent":
            await speak(writer)
        else:
            await reader.readuntil(end)
        writer.write(end)
        await reader.read()

    async def work() -> bytes:
        async with talking(talk) as port, fronting(port, idle_seconds=1.5) as front, connected(front.port) as client:
            await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + first)
            if speaker == "client":
                await speak(client.writer)
                await client.send(end)
            return (await client.answer())[2]

    assert run(work()) == b"y" + (b"x" * words if speaker == "agent" else b"")


@pytest.mark.parametrize("speaker", ["agent", "client"])
def test_a_websocket_in_which_one_side_alone_speaks_is_not_idle(speaker: str) -> None:
    words = 50
    heard: list[bytes] = []

    async def speak(writer: asyncio.StreamWriter) -> None:
        for _ in range(words):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.04)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(SWITCHED)
        if speaker == "agent":
            await speak(writer)
        while data := await reader.read(100):
            heard.append(data)

    async def work() -> None:
        async with talking(talk) as port, fronting(port, idle_seconds=1.5) as front, connected(front.port) as client:
            await client.send(GET % WEBSOCKET)
            await head_of(client.reader)
            if speaker == "client":
                await speak(client.writer)
                await until(lambda: len(b"".join(heard)) == words)
            else:
                assert await client.reader.readexactly(words) == b"x" * words

    run(work())


def test_a_websocket_in_which_nobody_speaks_is_ended() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(SWITCHED)
        await reader.read()

    async def work() -> None:
        async with talking(talk) as port, fronting(port, idle_seconds=0.1) as front, connected(front.port) as client:
            await client.send(GET % WEBSOCKET)
            await head_of(client.reader)
            assert await client.is_closed()

    run(work())


def test_an_agent_that_speaks_no_websocket_says_so_and_the_connection_goes_on() -> None:
    async def work() -> None:
        async with agent(echo) as front, connected(front.port) as client:
            await client.send((GET % WEBSOCKET) + GET % b"")
            assert [(await client.answer())[0] for _ in range(2)] == [200, 200]

    run(work())


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_large_body_passes_in_bounded_memory(way: str) -> None:
    """128 MiB: what the whole process may grow by is a fraction of it."""
    size, piece = 128 * MIB, b"z" * MIB

    async def handler(request: Request, responder: Responder) -> None:
        taken = 0
        async for chunk in request.body:
            taken += len(chunk)
        await responder.start(200, [(b"x-taken", b"%d" % taken)])
        for _ in range(size // MIB if way == "down" else 0):
            await responder.write(piece)
        await responder.end()

    async def work() -> None:
        async with agent(handler) as front, connected(front.port) as client:
            length = size if way == "up" else 0
            await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % length)
            for _ in range(length // MIB):
                await client.send(piece)
            assert b"x-taken: %d\r\n" % length in await head_of(client.reader)
            received = 0
            while data := await client.reader.read(MIB):
                received += len(data)
            assert received >= (size if way == "down" else 0)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run(work())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 48 * 1024, "KiB"


def test_a_client_that_reads_slowly_holds_the_agent_back() -> None:
    written = 0

    async def handler(request: Request, responder: Responder) -> None:
        nonlocal written
        await responder.start(200, [])
        while written < 256 * MIB:
            await responder.write(b"z" * MIB)
            written += MIB
        await responder.end()

    async def work() -> None:
        async with agent(handler) as front, connected(front.port) as client:
            await client.send(GET % b"")
            await head_of(client.reader)
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a transport that reads too
            before = -1
            while before != written:
                before = written
                await asyncio.sleep(0.1)

    run(work())
    assert written < 64 * MIB


@pytest.mark.parametrize("way", ["up", "down"])
def test_as_many_bodies_as_may_wait_at_once_fit_into_the_sidecars_memory(way: str) -> None:
    """Clients that do not read answers, or an agent that does not read requests: what the ingress holds for each of them."""
    clients, piece, pieces = 16, b"z" * 65536, 1024
    limit_bytes = int(str(SIDECAR_SIZES["small"].limits.memory).removesuffix("Mi")) * MIB
    passed = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal passed
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (pieces * len(piece)))
        for _ in range(pieces):
            writer.write(piece)
            await writer.drain()
            passed += 1

    async def ask(client: socket.socket, port: int) -> None:
        nonlocal passed
        loop = asyncio.get_running_loop()
        length = pieces * len(piece) if way == "up" else 0
        await loop.sock_connect(client, (LOOPBACK, port))
        await loop.sock_sendall(client, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length)
        for _ in range(length // len(piece)):
            await loop.sock_sendall(client, piece)
            passed += 1

    async def work(deaf: socket.socket, stack: ExitStack) -> int:
        async with talking(talk) as talks, fronting(talks if way == "down" else deaf.getsockname()[1]) as front:
            asking = []
            for _ in range(clients):
                client = stack.enter_context(socket.socket())
                client.setblocking(False)  # the socket's own way of saying it
                asking.append(asyncio.ensure_future(ask(client, front.port)))
            before = -1
            while before != passed or not passed:
                before = passed
                await asyncio.sleep(0.3)
            held = tracemalloc.get_traced_memory()[0]
            for each in asking:
                each.cancel()
            return held

    tracemalloc.start()
    try:
        with socket.create_server((LOOPBACK, 0)) as deaf, ExitStack() as stack:
            held = run(work(deaf, stack))
    finally:
        tracemalloc.stop()
    assert passed < clients * pieces
    assert held / clients * MAX_CONNECTIONS < limit_bytes - 40 * MIB, "it takes 40 MiB without any"


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

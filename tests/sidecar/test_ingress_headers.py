"""Which headers pass the ingress, and what it says itself to agent and client."""

import re

import pytest

from tests.sidecar.agents import GET, agent
from tests.sidecar.loops import ask, connected, run
from zerotouch_sidecar.http.message import Request, Responder


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


def test_a_client_cannot_have_its_host_taken_for_the_pod_itself() -> None:
    assert seen_by_agent(GET % b"Connection: keep-alive, Host\r\n")[b"host"] == [b"researcher:8080"]


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

"""A provider that says within a stream that it failed, or the request did: what the agent gets, and whose failure it counts as."""

import asyncio
from typing import Any

import pytest
from anthropic import APIStatusError as AnthropicError

from tests.sidecar.loops import Talk, run, talking, until
from tests.sidecar.models.support import both_surfaces, mocks, model, provider, running
from tests.sidecar.models.test_chain import HELLO, read
from tests.sidecar.models.test_sdks import clients

FAILED = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
BEGUN = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"x",'
    b'"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":1}}}\n\n'
)


def saying(body: bytes) -> Talk:
    """A provider whose stream says the same to everybody."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + body)
        await writer.drain()

    return talk


def test_a_stream_that_begins_with_an_error_has_not_begun_and_one_that_ends_with_it_has_failed() -> None:
    async def scene() -> None:
        async with mocks() as [mock], talking(saying(FAILED)) as first, talking(saying(BEGUN + FAILED)) as later:
            llm = both_surfaces(mock)
            llm["providers"] += [provider(f"p{port}", "anthropic", f"http://127.0.0.1:{port}") for port in (first, later)]
            llm["models"] += [model("first", f"p{first}/x", fallbacks=["claude"]), model("alone", f"p{first}/x")]
            llm["models"] += [model("later", f"p{later}/x", fallbacks=["claude"])]
            async with running(llm) as proxy:
                _, anthropic = clients(proxy)
                ask: Any = {"max_tokens": 9, "messages": HELLO, "stream": True}
                async with anthropic:
                    await read(await anthropic.messages.create(model="first", **ask), [])
                    assert (len(mock.requests), proxy.metric("agent_model_fallbacks_total")) == (1, 1)
                    with pytest.raises(AnthropicError, match="Overloaded") as told:
                        await anthropic.messages.create(model="alone", **ask)
                    assert (told.value.status_code, told.value.response.headers["x-should-retry"]) == (502, "false")
                    with pytest.raises(AnthropicError, match="Overloaded"):
                        await read(await anthropic.messages.create(model="later", **ask), [])
                failed = ("gen_ai_client_operation_duration_seconds_count", 'error_type="error_event"')
                await until(lambda: proxy.metric(*failed) == 2)

    run(scene())


TOO_LONG = b'event: response.failed\ndata: {"type":"response.failed","response":{"error":{"code":"context_length_exceeded"}}}\n\n'
STARTED = b'event: response.created\ndata: {"type":"response.created","response":{}}\n\n'
SLOWER = TOO_LONG.replace(b"context_length_exceeded", b"rate_limit_exceeded")


@pytest.mark.parametrize(
    "said, seen, error_type",
    [(TOO_LONG, 0, "400"), (STARTED + TOO_LONG, 0, "400"), (SLOWER, 1, ""), (STARTED + SLOWER, 0, "429")],
)
def test_what_a_stream_says_of_the_request_or_of_a_limit_opens_no_breaker(said: bytes, seen: int, error_type: str) -> None:
    async def scene() -> None:
        async with mocks() as [mock], talking(saying(said)) as port:
            llm = both_surfaces(mock, retry={"attempts": 1}, circuitBreaker={"failures": 1})
            llm["providers"] += [provider("p", "openai", f"http://127.0.0.1:{port}/v1")]
            llm["models"] += [model("first", "p/x", fallbacks=["gpt"])]
            async with running(llm) as proxy:
                openai, _ = clients(proxy)
                events: list[Any] = []
                async with openai:
                    await read(await openai.responses.create(model="first", input="hi", stream=True), events)
                assert (len(mock.requests), "failed" in events[-1].type) == (seen, not seen)
                await until(lambda: proxy.metric("gen_ai_client_operation_duration_seconds_count", f'error_type="{error_type}"') == 1)
                assert proxy.metric("agent_model_breaker_state", 'gen_ai_provider_name="p"') == 0

    run(scene())

"""What a call is charged whose answer is too long to hold, whose agent leaves, or whose provider seems to tell no usage."""

import asyncio

from tests.sidecar.loops import run, talking, until
from tests.sidecar.models.support import both_surfaces, mocks, running
from tests.sidecar.models.test_chain import HELLO
from tests.sidecar.models.test_sdks import clients
from zerotouch_sidecar.models.attempts import WHOLE_BYTES


def test_an_agent_cannot_have_a_provider_seem_to_tell_no_usage() -> None:
    async def scene() -> None:
        asked: list[bool] = []

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.startswith(b"content-length"))
            asked.append(b'"include_usage"' in await reader.readexactly(length))
            said = b'{"error": {"message": "\'stream_options\' is no tool of yours"}}'
            writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(said) + said)
            await writer.drain()

        async with talking(talk) as port, mocks() as [mock]:
            llm = both_surfaces(mock)
            llm["providers"][0]["baseUrl"] = f"http://127.0.0.1:{port}/v1"
            async with running(llm) as proxy:
                for _ in range(2):
                    ask = {"model": "gpt", "messages": HELLO, "stream": True, "tool_choice": "stream_options"}
                    assert (await proxy.post("/openai/v1/chat/completions", ask))[0] == 400
        assert asked == [True, False, True, False]

    run(scene())


def test_an_answer_that_is_too_long_to_hold_costs_what_it_says_at_its_end() -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            mock.behaviour = {"mode": "ok", "words": WHOLE_BYTES // 8}
            status, _, _ = await proxy.post("/openai/v1/chat/completions", {"model": "gpt", "messages": HELLO})
            assert status == 200
            await until(lambda: proxy.metric("gen_ai_client_token_usage_sum", '"output"') == WHOLE_BYTES // 8)

    run(scene())


def test_an_agent_that_leaves_at_the_last_word_is_charged_what_the_provider_says_next() -> None:
    async def scene() -> None:
        has_left = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
            writer.write(b'data: {"choices": [{"index": 0, "delta": {"content": "42"}, "finish_reason": "stop"}]}\n\n')
            await has_left.wait()
            writer.write(b'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5000}}\n\ndata: [DONE]\n\n')
            await writer.drain()

        async with talking(talk) as port, mocks() as [mock]:
            llm = both_surfaces(mock)
            llm["providers"][0]["baseUrl"] = f"http://127.0.0.1:{port}/v1"
            async with running(llm) as proxy:
                openai, _ = clients(proxy)
                async with openai, await openai.chat.completions.create(model="gpt", messages=HELLO, stream=True) as stream:
                    async for chunk in stream:
                        if chunk.choices[0].finish_reason:
                            break
                has_left.set()
                await until(lambda: proxy.metric("gen_ai_client_token_usage_sum", '"output"') == 5000)

    run(scene())


def test_an_agent_that_goes_away_frees_its_slot_and_is_charged_what_was_written() -> None:
    async def scene() -> None:
        async with mocks() as [mock]:
            llm = both_surfaces(mock)
            llm["providers"][1]["concurrency"] = 1
            async with running(llm) as proxy:
                mock.behaviour = {"mode": "slow", "delayMilliseconds": 50, "words": 200, "times": 1}
                _, anthropic = clients(proxy)
                async with anthropic:
                    stream = await anthropic.messages.create(model="claude", max_tokens=9, messages=HELLO, stream=True)
                    async for event in stream:
                        if event.type == "content_block_delta":
                            break
                    await stream.close()
                    await anthropic.messages.create(model="claude", max_tokens=9, messages=HELLO)
                assert proxy.metric("gen_ai_client_operation_duration_seconds_count") == 2
                assert 'error_type="abandoned"' in proxy.registry.text()
                assert 1 + 8 < proxy.metric("gen_ai_client_token_usage_sum") < 200

    asyncio.run(scene())

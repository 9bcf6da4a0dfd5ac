"""The official SDKs work by base URL and key alone, and every way of answering tells its usage."""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable
from struct import unpack
from typing import Any

import pytest
from anthropic import AsyncAnthropic
from anthropic import DefaultAsyncHttpxClient as AnthropicHttpxClient
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, UnprocessableEntityError

from tests.sidecar.models.support import NO_PAUSE, TOKEN, Running, both_surfaces, mocks, model, provider, running

TEXT = "mock-0 mock-1 mock-2 mock-3 mock-4 mock-5 mock-6 mock-7"
HELLO: Any = [{"role": "user", "content": "hello there"}]
Ask = Callable[[AsyncOpenAI, AsyncAnthropic], Awaitable[str]]


async def chat(openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> str:
    answer = await openai.chat.completions.create(model="gpt", messages=HELLO)
    return answer.choices[0].message.content or ""


async def chat_stream(openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> str:
    text = ""
    async for chunk in await openai.chat.completions.create(model="gpt", stream=True, messages=HELLO):
        assert chunk.usage is None, "the agent did not ask for it"
        text += chunk.choices[0].delta.content or ""
    return text


async def chat_stream_with_usage(openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> str:
    text, usage = "", None
    async for chunk in await openai.chat.completions.create(
        model="gpt", stream=True, stream_options={"include_usage": True}, messages=HELLO
    ):
        usage = chunk.usage or usage
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    assert usage is not None
    assert usage.total_tokens == 10
    return text


async def responses(openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> str:
    return (await openai.responses.create(model="gpt", input="hello there")).output_text


async def responses_stream(openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> str:
    async with openai.responses.stream(model="gpt", input="hello there") as stream:
        async for _ in stream:
            pass
        return (await stream.get_final_response()).output_text


async def completions(openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> str:
    return (await openai.completions.create(model="gpt", prompt="hello there")).choices[0].text


async def completions_stream(openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> str:
    stream = await openai.completions.create(model="gpt", prompt="hello there", stream=True)
    return "".join([chunk.choices[0].text async for chunk in stream])


async def messages(openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> str:
    answer = await anthropic.messages.create(model="claude", max_tokens=99, messages=HELLO)
    return "".join(block.text for block in answer.content if block.type == "text")


async def messages_stream(openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> str:
    async with anthropic.messages.stream(model="claude", max_tokens=99, messages=HELLO) as stream:
        return "".join([text async for text in stream.text_stream])


def clients(proxy: Running, retries: int = 0) -> tuple[AsyncOpenAI, AsyncAnthropic]:
    """SDKs as an agent makes them, but for the certificates that take 0.1 s to read and are not used."""
    return (
        AsyncOpenAI(base_url=proxy.openai, api_key=TOKEN, max_retries=retries, http_client=DefaultAsyncHttpxClient(verify=False)),
        AsyncAnthropic(base_url=proxy.anthropic, api_key=TOKEN, max_retries=retries, http_client=AnthropicHttpxClient(verify=False)),
    )


@pytest.mark.parametrize(
    "ask",
    [chat, chat_stream, chat_stream_with_usage, responses, responses_stream, completions, completions_stream, messages, messages_stream],
)
def test_an_sdk_gets_its_answer_and_the_sidecar_its_usage(ask: Ask) -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            openai, anthropic = clients(proxy)
            async with openai, anthropic:
                assert (await ask(openai, anthropic)).strip() == TEXT
            kinds = [proxy.metric("gen_ai_client_token_usage_sum", f'gen_ai_token_type="{kind}"') for kind in ("input", "output")]
            assert kinds == [2, 8]
            assert mock.requests[0]["body"]["model"] in ("real-gpt", "real-claude")

    asyncio.run(scene())


def test_a_provider_that_takes_no_question_for_a_streams_usage_is_asked_once() -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock, retry={**NO_PAUSE, "attempts": 1})) as proxy:
            mock.behaviour = {"mode": "strict"}
            openai, anthropic = clients(proxy)
            async with openai, anthropic:
                for _ in range(2):
                    assert (await chat_stream(openai, anthropic)).strip() == TEXT
                with pytest.raises(UnprocessableEntityError):
                    await chat_stream_with_usage(openai, anthropic)
            assert ["stream_options" in request["body"] for request in mock.requests] == [True, False, False, True]
            assert proxy.metric("agent_model_attempts_failed_total") == 0
            assert proxy.metric("gen_ai_client_token_usage_sum") >= 2 * 8, "about a token for each event"

    asyncio.run(scene())


def test_what_is_not_generated_works_too() -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            openai, anthropic = clients(proxy)
            async with openai, anthropic:
                embeddings = await openai.embeddings.create(model="gpt", input=["a b", "c"])
                assert [len(each.embedding) for each in embeddings.data] == [3, 3]
                assert (await anthropic.messages.count_tokens(model="claude", messages=HELLO)).input_tokens == 2
                assert [each.id async for each in openai.models.list()] == ["gpt"]
                assert (await openai.models.retrieve("gpt")).owned_by == "openai"
                assert [each.id async for each in anthropic.models.list()] == ["claude"]
                assert (await anthropic.models.retrieve("claude")).display_name == "claude"
            assert proxy.metric("gen_ai_client_token_usage_sum") == 3

    asyncio.run(scene())


def test_an_sdk_that_adds_no_version_to_anthropics_url_is_answered() -> None:
    """Vercel's AI SDK."""

    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            status, _, body = await proxy.post("/anthropic/messages", {"model": "claude", "max_tokens": 99, "messages": HELLO})
            assert (status, body["content"][0]["text"].strip()) == (200, TEXT)
            assert [request["path"] for request in mock.requests] == ["/v1/messages"]

    asyncio.run(scene())


def test_what_an_sdk_says_behind_the_path_reaches_the_provider() -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            openai, anthropic = clients(proxy)
            async with openai, anthropic:
                await anthropic.beta.messages.create(
                    model="claude", max_tokens=9, messages=HELLO, betas=["some-2025"], extra_query={"beta": "true"}
                )
                await openai.chat.completions.create(model="gpt", messages=HELLO, extra_query={"a": "b c"})
            assert [request["query"] for request in mock.requests] == ["beta=true", "a=b+c"]
            assert mock.requests[0]["headers"]["anthropic-beta"] == "some-2025"

    asyncio.run(scene())


@pytest.mark.parametrize("stream", [False, True])
def test_the_mock_type_calls_tools_and_repeats_what_they_say(stream: bool) -> None:
    llm = {"providers": [provider("mock", "mock")], "models": [model("any", "mock/m")]}
    ask = 'please call weather {"city": "Paris"}'

    async def scene() -> None:
        async with running(llm) as proxy:
            openai, anthropic = clients(proxy)
            async with openai, anthropic:
                answer: Any
                response: Any
                message: Any
                tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
                history: Any = [{"role": "user", "content": ask}]
                if stream:
                    async with openai.chat.completions.stream(model="any", messages=history, tools=tools) as events:
                        answer = await events.get_final_completion()
                else:
                    answer = await openai.chat.completions.create(model="any", messages=history, tools=tools)
                call: Any = answer.choices[0].message.tool_calls[0]
                assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Paris"}')
                history += [answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
                answer = await openai.chat.completions.create(model="any", messages=history, tools=tools)
                assert answer.choices[0].message.content == "The tool said: sunny"

                functions: Any = [{"type": "function", "name": "weather", "parameters": {"type": "object"}}]
                if stream:
                    async with openai.responses.stream(model="any", input=ask, tools=functions) as events:
                        response = await events.get_final_response()
                else:
                    response = await openai.responses.create(model="any", input=ask, tools=functions)
                item: Any = response.output[0]
                assert (item.type, item.arguments) == ("function_call", '{"city": "Paris"}')
                result: Any = {"type": "function_call_output", "call_id": item.call_id, "output": "sunny"}
                response = await openai.responses.create(model="any", input=[item, result], tools=functions)
                assert response.output_text == "The tool said: sunny"

                offered: Any = [{"name": "weather", "input_schema": {"type": "object"}}]
                if stream:
                    async with anthropic.messages.stream(model="any", max_tokens=9, messages=history[:1], tools=offered) as events:
                        message = await events.get_final_message()
                else:
                    message = await anthropic.messages.create(model="any", max_tokens=9, messages=history[:1], tools=offered)
                block: Any = message.content[0]
                assert (message.stop_reason, block.name, block.input) == ("tool_use", "weather", {"city": "Paris"})

    asyncio.run(scene())


def test_the_mock_type_answers_the_same_to_the_same_and_keeps_to_the_bound() -> None:
    llm = {"providers": [provider("mock", "mock")], "models": [model("any", "mock/m")]}

    async def scene() -> None:
        async with running(llm) as proxy:
            openai, anthropic = clients(proxy)
            async with openai, anthropic:
                ask: Any = {"model": "any", "max_tokens": 4, "messages": [{"role": "user", "content": "one two three four"}]}
                answers: list[Any] = [await openai.chat.completions.create(**ask) for _ in range(2)]
                assert answers[0] == answers[1]
                assert (answers[0].choices[0].message.content, answers[0].choices[0].finish_reason) == ("You said: one two", "length")
                assert answers[0].usage.completion_tokens == 4
                vectors = [(await openai.embeddings.create(model="any", input=text)).data[0].embedding for text in ("a", "a", "b")]
                assert vectors[0] == vectors[1] != vectors[2]
                embeddings = await openai.embeddings.with_raw_response.create(model="any", input="a", encoding_format="base64")
                data = embeddings.http_response.json()["data"][0]["embedding"]  # as OpenAI's Node SDK asks for them and reads them
                assert unpack("<8f", b64decode(data)) == pytest.approx(vectors[0])

    asyncio.run(scene())

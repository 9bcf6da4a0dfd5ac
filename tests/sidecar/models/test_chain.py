"""A provider that fails: what the agent still gets, and what it is told when nothing is left."""

import asyncio
from typing import Any

import pytest
from anthropic import APIStatusError as AnthropicError
from openai import APIError, APIStatusError

from tests.sidecar.models.support import NO_PAUSE, Running, both_surfaces, mocks, model, provider, running
from tests.sidecar.models.test_sdks import TEXT, clients

HELLO: Any = [{"role": "user", "content": "hello"}]


def two(first: str, second: str, timeout_seconds: float = 60, **more: Any) -> Any:
    """An alias with a fallback at another provider."""
    return {
        "providers": [
            provider("first", "openai", first + "/v1", timeoutSeconds=timeout_seconds),
            provider("second", "openai", second + "/v1"),
        ],
        "models": [model("gpt", "first/a", fallbacks=["backup"]), model("backup", "second/b")],
        "retry": NO_PAUSE,
        **more,
    }


async def raw_chat(proxy: Running, **more: Any) -> tuple[str, dict[str, str]]:
    openai, _ = clients(proxy)
    async with openai:
        answer = await openai.chat.completions.with_raw_response.create(model="gpt", messages=HELLO, **more)
        return answer.parse().choices[0].message.content or "", dict(answer.headers)


@pytest.mark.parametrize(
    "behaviour, attempts",
    [
        ({"mode": "fail", "status": 500}, 2),
        ({"mode": "fail", "status": 503}, 2),
        ({"mode": "limit", "retryAfter": 0}, 2),
        ({"mode": "limit", "retryAfter": 3600}, 1),
        ({"mode": "cut"}, 2),
        ({"mode": "break"}, 2),
        ({"mode": "html"}, 2),
        ({"mode": "stall"}, 1),
        *(({"mode": "fail", "status": status}, 1) for status in (401, 402, 403, 404)),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_another_provider_answers_when_the_first_fails_before_the_first_byte(behaviour: Any, attempts: int, stream: bool) -> None:
    if stream and behaviour["mode"] == "break":
        behaviour = {**behaviour, "events": 0}

    async def scene() -> None:
        timeout_seconds = 0.3 if behaviour["mode"] == "stall" else 60
        async with mocks(2) as [first, second], running(two(first.url, second.url, timeout_seconds)) as proxy:
            first.behaviour = behaviour
            if stream:
                openai, _ = clients(proxy)
                async with openai:
                    chunks = [chunk async for chunk in await openai.chat.completions.create(model="gpt", messages=HELLO, stream=True)]
                assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).strip() == TEXT
            else:
                text, headers = await raw_chat(proxy)
                assert (text, headers["x-agent-provider"], headers["x-agent-fallback"]) == (TEXT, "second", "1")
                assert float(headers["x-agent-overhead-ms"]) >= 0
            assert len(first.requests) == attempts
            assert second.requests[0]["body"]["model"] == "b"
            assert proxy.metric("agent_model_fallbacks_total") == 1
            assert proxy.metric("agent_model_retries_total") == attempts - 1

    asyncio.run(scene())


def test_a_stream_without_anything_has_not_begun() -> None:
    async def scene() -> None:
        async with mocks(2) as [first, second], running(two(first.url, second.url)) as proxy:
            first.behaviour = {"mode": "empty"}
            openai, _ = clients(proxy)
            async with openai:
                chunks = [chunk async for chunk in await openai.chat.completions.create(model="gpt", messages=HELLO, stream=True)]
            assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).strip() == TEXT

    asyncio.run(scene())


def test_a_provider_that_is_not_there_is_passed_over() -> None:
    async def scene() -> None:
        async with mocks(2) as [first, second]:
            await first.stop()
            async with running(two(first.url, second.url)) as proxy:
                assert (await raw_chat(proxy))[0] == TEXT

    asyncio.run(scene())


def test_a_failure_that_passes_is_retried_at_the_same_target() -> None:
    async def scene() -> None:
        async with mocks(2) as [first, second], running(two(first.url, second.url)) as proxy:
            first.behaviour = {"mode": "fail", "times": 1}
            text, headers = await raw_chat(proxy)
            assert (text, headers["x-agent-provider"]) == (TEXT, "first")
            assert "x-agent-fallback" not in headers

    asyncio.run(scene())


@pytest.mark.parametrize(
    "mode, status, code",
    [
        ("fail", 503, None),
        ("limit", 429, None),
        ("cut", 502, "provider_failed"),
        ("html", 502, "provider_failed"),
        ("stall", 504, "provider_timeout"),
    ],
)
def test_a_spent_chain_is_told_once_in_the_surfaces_own_shape(mode: str, status: int, code: str | None) -> None:
    async def scene() -> None:
        async with mocks() as [mock]:
            llm = both_surfaces(mock, retry={**NO_PAUSE, "attempts": 1})
            for each in llm["providers"]:
                each["timeoutSeconds"] = 0.3 if mode == "stall" else 60
            async with running(llm) as proxy:
                mock.behaviour = {"mode": mode}
                openai, anthropic = clients(proxy, retries=2)
                async with openai, anthropic:
                    with pytest.raises(APIStatusError) as told:
                        await openai.chat.completions.create(model="gpt", messages=HELLO)
                    with pytest.raises(AnthropicError) as also:
                        await anthropic.messages.create(model="claude", max_tokens=9, messages=HELLO)
                assert (told.value.status_code, told.value.code, also.value.status_code) == (status, code, status)
                assert told.value.response.headers["x-should-retry"] == "false"
                assert also.value.response.json()["type"] == "error"
                assert len(mock.requests) == 2, "neither SDK repeated what the sidecar gave up"

    asyncio.run(scene())


@pytest.mark.parametrize("status, asked", [(400, 1), (413, 1), (422, 1), (403, 2), (404, 2)])
def test_what_the_provider_says_of_the_agents_own_mistake_is_passed_on(status: int, asked: int) -> None:
    async def scene() -> None:
        async with mocks(2) as [first, second], running(two(first.url, second.url)) as proxy:
            first.behaviour = second.behaviour = {"mode": "fail", "status": status}
            with pytest.raises(APIStatusError, match=f"mock answers {status}"):
                await raw_chat(proxy)
            assert len(first.requests + second.requests) == asked

    asyncio.run(scene())


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize("stream", [False, True])
def test_a_redirect_is_followed_by_nobody_and_the_next_target_answers(status: int, stream: bool) -> None:
    async def scene() -> None:
        async with mocks(3) as [first, second, elsewhere], running(two(first.url, second.url)) as proxy:
            first.behaviour = {"mode": "move", "status": status, "location": elsewhere.url + "/v1/chat/completions"}
            openai, _ = clients(proxy)
            async with openai:
                if stream:
                    await read(await openai.chat.completions.create(model="gpt", messages=HELLO, stream=True), [])
                else:
                    assert (await raw_chat(proxy))[0] == TEXT
            assert (len(first.requests), len(second.requests), len(elsewhere.requests)) == (1, 1, 0)

    asyncio.run(scene())


def test_a_redirect_where_nobody_else_answers_is_an_error_in_the_surfaces_own_shape() -> None:
    async def scene() -> None:
        async with mocks(2) as [mock, elsewhere], running(both_surfaces(mock)) as proxy:
            mock.behaviour = {"mode": "move", "location": elsewhere.url}
            openai, anthropic = clients(proxy)
            async with openai, anthropic:
                with pytest.raises(APIStatusError, match=r"Provider openai answered 307, .* baseUrl") as told:
                    await openai.chat.completions.create(model="gpt", messages=HELLO)
                with pytest.raises(AnthropicError, match="Provider anthropic answered 307") as also:
                    await anthropic.messages.create(model="claude", max_tokens=9, messages=HELLO)
            assert (told.value.status_code, told.value.code, also.value.status_code) == (502, "provider_failed", 502)
            assert also.value.response.json()["error"]["type"] == "api_error"
            assert not {"location"} & (told.value.response.headers.keys() | also.value.response.headers.keys())
            assert elsewhere.requests == []
            assert proxy.metric("agent_model_attempts_failed_total", '"307"') == 2

    asyncio.run(scene())


async def read(stream: Any, into: list[Any]) -> None:
    async for event in stream:
        into.append(event)


@pytest.mark.parametrize("within", [False, True], ids=["between events", "within one"])
def test_a_stream_that_breaks_ends_as_an_error_and_is_not_repeated(within: bool) -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            mock.behaviour = {"mode": "break", "events": 5, "within": within}
            openai, anthropic = clients(proxy, retries=2)
            async with openai, anthropic:
                seen: list[Any] = []
                with pytest.raises(APIError, match="broke off"):
                    await read(await openai.chat.completions.create(model="gpt", messages=HELLO, stream=True), seen)
                assert len(seen) == 5
                with pytest.raises(APIError, match="broke off"):
                    await read(await openai.responses.create(model="gpt", input="hello", stream=True), [])
                with pytest.raises(AnthropicError, match="broke off"):
                    await read(await anthropic.messages.create(model="claude", max_tokens=9, messages=HELLO, stream=True), [])
            assert len(mock.requests) == 3
            assert proxy.metric("gen_ai_client_token_usage_sum") >= 3 * 5, "about a token for each event"

    asyncio.run(scene())


GAUGE = ("agent_model_breaker_state", 'gen_ai_provider_name="first"')


def test_a_breaker_opens_on_failures_and_its_target_is_left_alone() -> None:
    async def scene() -> None:
        rule = {"failures": 2, "windowSeconds": 3600, "cooldownSeconds": 3600}
        async with mocks(2) as [first, second], running(two(first.url, second.url, circuitBreaker=rule)) as proxy:
            first.behaviour = {"mode": "fail"}
            for _ in range(3):
                await raw_chat(proxy)
            info: Any = proxy.models.info()
            assert (len(first.requests), proxy.metric(*GAUGE), info["breakers"]["first/a"]) == (2, 1, "open")

    asyncio.run(scene())


def test_a_breaker_closes_on_the_first_success() -> None:
    async def scene() -> None:
        rule = {"failures": 2, "windowSeconds": 3600, "cooldownSeconds": 0.05}
        async with mocks(2) as [first, second], running(two(first.url, second.url, circuitBreaker=rule)) as proxy:
            first.behaviour = {"mode": "fail"}
            await raw_chat(proxy)
            assert proxy.metric(*GAUGE) > 0
            first.behaviour = {}
            async with asyncio.timeout(30):
                while (await raw_chat(proxy))[1]["x-agent-provider"] != "first":
                    await asyncio.sleep(0.02)
            assert proxy.metric(*GAUGE) == 0

    asyncio.run(scene())


def test_open_breakers_everywhere_are_told_with_the_time_to_wait() -> None:
    async def scene() -> None:
        rule = {"failures": 1, "windowSeconds": 60, "cooldownSeconds": 60}
        async with mocks() as [mock], running(both_surfaces(mock, circuitBreaker=rule)) as proxy:
            mock.behaviour = {"mode": "fail"}
            for _ in range(2):
                with pytest.raises(APIStatusError) as told:
                    await raw_chat(proxy)
            assert told.value.status_code == 503
            assert 0 < int(told.value.response.headers["retry-after"]) <= 60
            assert len(mock.requests) == 1

    asyncio.run(scene())


def test_a_provider_has_no_more_calls_at_one_time_than_it_may() -> None:
    async def scene() -> None:
        async with mocks() as [mock]:
            llm = both_surfaces(mock)
            llm["providers"][0]["concurrency"] = 2
            async with running(llm) as proxy:
                mock.behaviour = {"mode": "slow", "delayMilliseconds": 30}
                async with asyncio.TaskGroup() as tasks:
                    calls = [tasks.create_task(raw_chat(proxy)) for _ in range(6)]
                    most = 0
                    while not all(call.done() for call in calls):
                        live = proxy.models._plan.providers["openai"]
                        assert live.slots is not None
                        most = max(most, 2 - live.slots._value)
                        await asyncio.sleep(0.005)
                assert most == 2
                assert len(mock.requests) == 6

    asyncio.run(scene())

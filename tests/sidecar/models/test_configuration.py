"""Configurations that change, that are refused, and providers that others wrote."""

import asyncio
from decimal import Decimal
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from tests.sidecar.models.support import NO_PAUSE, both_surfaces, configured, mocks, model, provider, running
from tests.sidecar.models.test_secrets import ASK, CHAT, MESSAGES
from zerotouch_sidecar.errors import ConfigurationError
from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.models.amounts import Price
from zerotouch_sidecar.models.call import Call
from zerotouch_sidecar.models.plan import Plan, make_plan
from zerotouch_sidecar.models.providers import registry
from zerotouch_sidecar.models.providers.base import GROUP, Answer, Setup
from zerotouch_sidecar.models.providers.mock import MockAnswer
from zerotouch_sidecar.models.service import Models
from zerotouch_sidecar.models.surfaces import Surface


class Parrot:
    """A provider as docs/sidecar-api.md shows it: answers chat completions with what its key is worth."""

    surfaces = frozenset({Surface.OPENAI})

    def __init__(self, setup: Setup) -> None:
        if not setup.base_url:
            raise ValueError("set baseUrl")
        self._setup = setup

    async def send(self, call: Call, model: str) -> Answer:
        if model == "broken":
            raise RuntimeError("a plugin's own mistake")
        body = b'{"object": "chat.completion", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}'
        return MockAnswer([body], [(b"content-type", b"application/json")])

    async def close(self) -> None:
        return None


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> None:
    known = registry.provider_types()
    entry = EntryPoint("parrot", f"{__name__}:Parrot", GROUP)
    monkeypatch.setattr(registry, "provider_types", lambda: {**known, "parrot": entry})
    monkeypatch.setattr(EntryPoint, "load", lambda entry, load=EntryPoint.load: Parrot if entry.name == "parrot" else load(entry))


def with_parrot(model_name: str) -> Any:
    providers = [provider("bird", "parrot", "http://cage"), provider("mock", "mock")]
    return {
        "providers": providers,
        "models": [model("gpt", f"bird/{model_name}", fallbacks=["m"]), model("m", "mock/m")],
        "retry": NO_PAUSE,
    }


@pytest.mark.usefixtures("parrot")
def test_a_plugin_answers_and_a_mistake_of_it_is_a_failure_like_any_other() -> None:
    async def scene() -> None:
        async with running(with_parrot("fine")) as proxy:
            status, headers, body = await proxy.post(CHAT, ASK)
            assert (status, headers["x-agent-provider"], body["usage"]["completion_tokens"]) == (200, "bird", 2)
            assert proxy.metric("gen_ai_client_token_usage_sum") == 3
        async with running(with_parrot("broken")) as proxy:
            status, headers, _ = await proxy.post(CHAT, ASK)
            assert (status, headers["x-agent-provider"]) == (200, "mock")
            assert proxy.metric("agent_model_attempts_failed_total", "provider_error") == 1

    asyncio.run(scene())


@pytest.mark.usefixtures("parrot")
@pytest.mark.parametrize(
    "llm, words",
    [
        (
            {"providers": [provider("a", "none")]},
            ["llm.providers[0].type", "no provider type none", "anthropic, mock, openai, openai-compatible, parrot"],
        ),
        ({"providers": [provider("a", "parrot")]}, ["llm.providers[0]", "set baseUrl"]),
        ({"providers": [provider("a", "openai-compatible")]}, ["llm.providers[0]", "baseUrl must begin with http"]),
        ({"providers": [provider("a", "openai", "http://x", caFile="/none")]}, ["llm.providers[0].caFile", "cannot be read"]),
        (
            {
                "providers": [provider("a", "openai"), provider("b", "anthropic")],
                "models": [model("m", "a/x", fallbacks=["n"]), model("n", "b/x")],
            },
            ["llm.models[0].fallbacks[0]", "speaks another protocol"],
        ),
        (
            {
                "providers": [provider("a", "openai"), provider("b", "anthropic")],
                "models": [model("m", "a/x"), model("n", "b/x")],
                "budget": {"tokens": 1, "action": "degrade", "degradeTo": "n"},
            },
            ["llm.budget.degradeTo", "n speaks another protocol than m", "every model"],
        ),
    ],
)
def test_a_configuration_that_cannot_work_says_where_and_what_to_do(llm: Any, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as told:
        Models(configured(llm), Registry(), token="", pod="p")
    for word in words:
        assert word in str(told.value)


@pytest.mark.usefixtures("parrot")
def test_a_refused_configuration_leaves_the_last_good_one_at_work() -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            with pytest.raises(ConfigurationError):
                proxy.models.configure(configured({"providers": [provider("a", "parrot")], "models": [model("gpt", "a/b")]}))
            assert (await proxy.post(CHAT, ASK))[0] == 200

    asyncio.run(scene())


def test_calls_under_way_end_by_the_configuration_that_they_began_with() -> None:
    async def scene() -> None:
        async with mocks(2) as [old, new], running(both_surfaces(old)) as proxy:
            old.behaviour = {"mode": "slow", "delayMilliseconds": 200, "times": 1}
            call = asyncio.create_task(proxy.post(CHAT, ASK))
            while not old.requests:
                await asyncio.sleep(0.005)
            proxy.models.configure(configured(both_surfaces(new)))
            await proxy.models.tidy()
            assert (await proxy.post(CHAT, ASK))[0] == 200
            assert len(new.requests) == 1
            assert (await call)[0] == 200
            await proxy.models.tidy()
            assert proxy.models._old == []

    asyncio.run(scene())


def test_a_provider_that_cannot_be_closed_in_order_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> None:
        raise RuntimeError("a plugin's mistake")

    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            monkeypatch.setattr(proxy.models._plan.providers["openai"].provider, "close", broken)
            proxy.models.configure(configured(both_surfaces(mock, providers=[], models=[])))
            await proxy.models.tidy()
            assert proxy.models._old == []

    asyncio.run(scene())


def test_providers_and_breakers_that_did_not_change_go_on() -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock, circuitBreaker={"failures": 1})) as proxy:
            mock.behaviour = {"mode": "fail", "times": 1}
            assert (await proxy.post(CHAT, ASK))[0] == 503
            llm = both_surfaces(mock, circuitBreaker={"failures": 1})
            llm["models"].append(model("more", "openai/real-gpt"))
            before, guess = proxy.models._plan.providers["openai"], proxy.models._plan.aliases["gpt"].guess
            proxy.models.configure(configured(llm))
            assert proxy.models._plan.providers["openai"] is before
            assert proxy.models._plan.aliases["gpt"].guess is guess
            assert (await proxy.post(CHAT, {**ASK, "model": "more"}))[0] == 503
            proxy.models.configure(configured({"providers": [], "models": []}))
            assert proxy.metric("agent_model_breaker_state") == 0
            status, _, body = await proxy.post(CHAT, ASK)
            assert (status, body["error"]["code"]) == (404, "model_not_found")

    asyncio.run(scene())


def test_what_a_configuration_has_no_more_shows_in_no_gauge() -> None:
    async def scene() -> None:
        async with mocks() as [mock]:
            llm = both_surfaces(mock, circuitBreaker={"failures": 1})
            llm["providers"][0]["keyFile"] = "/not/there"
            async with running(llm) as proxy:
                assert (await proxy.post(CHAT, ASK))[0] == 502
                mock.behaviour = {"mode": "fail", "times": 1}
                assert (await proxy.post(MESSAGES, {**ASK, "model": "claude"}))[0] == 503
                gauges = ("agent_model_breaker_state", "agent_model_key_missing")
                assert all(proxy.metric(gauge) for gauge in gauges)
                llm = both_surfaces(mock, models=[model("gpt", "openai/other"), model("claude", "anthropic/other")])
                proxy.models.configure(configured(llm))
                await proxy.models.tidy()
                told = [line for line in proxy.registry.text().splitlines() if line.startswith(gauges)]
                assert [line.partition("{")[0] for line in told] == ["agent_model_breaker_state"] * 2
                assert all('"other"' in line and line.endswith(" 0") for line in told)

    asyncio.run(scene())


def test_a_name_that_is_no_alias_goes_to_the_default_model_if_there_is_one() -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock, defaultModel="gpt")) as proxy:
            assert (await proxy.post(CHAT, {**ASK, "model": "gpt-4o"}))[0] == 200
            assert mock.requests[0]["body"]["model"] == "real-gpt"
            status, _, body = await proxy.post(MESSAGES, ASK)
            assert status == 404
            assert "call it at http://127.0.0.1:18081/openai/v1" in body["error"]["message"]

    asyncio.run(scene())


def test_headers_and_ca_of_a_provider_are_its_own() -> None:
    async def scene() -> None:
        async with mocks() as [mock]:
            llm = both_surfaces(mock)
            llm["providers"][0]["headers"] = {"X-Team": "a", "User-Agent": "zerotouch"}
            async with running(llm) as proxy:
                await proxy.post(CHAT, ASK, user_agent="agent")
                headers = mock.requests[0]["headers"]
                assert (headers["x-team"], headers["user-agent"]) == ("a", "zerotouch")

    asyncio.run(scene())


def test_each_kind_of_token_is_priced_as_configured() -> None:
    fields = ("input", "output", "cached", "cacheWrite", "longCacheWrite")
    price = {f"{field}UsdPerMillionTokens": str(at) for at, field in enumerate(fields, 1)}
    llm = configured({"providers": [provider("mock", "mock")], "models": [model("gpt", "mock/a", price=price)]}).llm
    given = Price.of(
        input_usd=Decimal(1), output_usd=Decimal(2), cached_usd=Decimal(3), written_usd=Decimal(4), long_written_usd=Decimal(5)
    )
    assert make_plan(llm, Plan(llm)).aliases["gpt"].price == given

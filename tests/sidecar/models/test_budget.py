"""Budgets at work: over the wire, across pods, and with a NATS server that goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import pytest
from anthropic import APIStatusError as AnthropicError
from openai import APIStatusError

from tests.mock_provider import Mock
from tests.sidecar.models.nats import Nats, nats
from tests.sidecar.models.support import Json, Running, both_surfaces, configured, mocks, model, provider, running
from tests.sidecar.models.test_chain import HELLO, raw_chat
from tests.sidecar.models.test_sdks import clients
from zerotouch_sidecar.models import accounts as accounts_module
from zerotouch_sidecar.models.budget import budget as budget_module
from zerotouch_sidecar.models.budget.ledger import Change
from zerotouch_sidecar.models.budget.store import MemoryStore, Step

CALL = 9
"""Tokens of one `raw_chat`: one of input, eight of output."""


def budgeted(mock: Mock, tokens: int, action: str = "deny", **more: Any) -> Any:
    return both_surfaces(mock, budget={"tokens": tokens, "period": "total", "action": action, **more})


@asynccontextmanager
async def pod(mock: Mock, server: Nats, tokens: int, name: str = "pod-0", action: str = "deny") -> AsyncIterator[Running]:
    async with running(budgeted(mock, tokens, action), pod=name, nats={"url": server.url}) as proxy:
        yield proxy


async def answered(proxy: Running) -> bool:
    status, _, _ = await proxy.post("/openai/v1/chat/completions", {"model": "gpt", "max_tokens": 8, "messages": HELLO})
    assert status in (200, 429, 503)
    return status == 200


async def until_refused(proxy: Running) -> int:
    count = 0
    while await answered(proxy):
        count += 1
    return count


def test_a_spent_budget_is_refused_in_the_surfaces_own_words() -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(budgeted(mock, 5 * CALL)) as proxy:
            assert await until_refused(proxy) == 5
            openai, anthropic = clients(proxy, retries=2)
            before = len(mock.requests)
            async with openai, anthropic:
                with pytest.raises(APIStatusError, match="budget for all time is spent") as told:
                    await openai.chat.completions.create(model="gpt", messages=HELLO)
                with pytest.raises(AnthropicError, match="budget for all time is spent") as also:
                    await anthropic.messages.create(model="claude", max_tokens=9, messages=HELLO)
            assert (told.value.status_code, told.value.code) == (429, "insufficient_quota")
            assert told.value.response.headers["x-should-retry"] == "false"
            assert also.value.response.json()["error"]["type"] == "billing_error"
            assert len(mock.requests) == before
            assert proxy.metric("agent_model_budget_remaining", 'unit="tokens"') == 0
            assert proxy.metric("agent_model_refused_total", "budget_spent") >= 2

    asyncio.run(scene())


def test_requests_at_once_are_not_refused_while_budget_is_left() -> None:
    async def scene() -> None:
        async with mocks() as [mock], nats() as server, pod(mock, server, 64 * CALL) as proxy:
            openai, anthropic = clients(proxy)
            async with openai, anthropic:  # each may write far more than the whole budget, and writes little
                ask = [openai.chat.completions.create(model="gpt", max_tokens=4000, messages=HELLO) for _ in range(64)]
                answers = await asyncio.gather(*ask)
            assert len(answers) == 64
            assert not await answered(proxy)

    asyncio.run(scene())


def test_money_is_counted_by_the_price_of_who_answered() -> None:
    async def scene() -> None:
        async with mocks(2) as [first, second]:
            llm = both_surfaces(first, budget={"usd": "0.01", "period": "total"})
            llm["providers"][1] = {**llm["providers"][0], "name": "second", "baseUrl": second.url + "/v1"}
            price = {"inputUsdPerMillionTokens": "100", "outputUsdPerMillionTokens": "100"}
            llm["models"] = [
                model("gpt", "openai/a", fallbacks=["cheap"], price={**price, "outputUsdPerMillionTokens": "10000"}),
                model("cheap", "second/b", price=price),
            ]
            async with running(llm) as proxy:
                first.behaviour = {"mode": "fail"}
                await raw_chat(proxy)
                info: Any = proxy.models.info()
                assert info["budget"]["usdRemaining"] == f"{0.01 - CALL * 0.0001:.6f}"
                assert proxy.metric("agent_model_cost_usd_total", '"cheap"') == pytest.approx(CALL * 0.0001)

    asyncio.run(scene())


def test_a_spent_budget_degrades_to_the_cheaper_model_or_only_warns() -> None:
    async def scene() -> None:
        async with mocks() as [mock]:
            llm = budgeted(mock, CALL, "degrade", degradeTo="cheap")
            llm["models"].append(model("cheap", "openai/cheap-gpt", "anthropic/cheap-claude"))
            async with running(llm) as proxy:
                for _ in range(3):
                    assert await answered(proxy)
                assert [request["body"]["model"] for request in mock.requests] == ["real-gpt", "cheap-gpt", "cheap-gpt"]
                assert proxy.metric("agent_model_degraded_total") == 2
                _, anthropic = clients(proxy)
                async with anthropic:  # on each surface the target that speaks its protocol answers
                    await anthropic.messages.create(model="claude", max_tokens=9, messages=HELLO)
                assert mock.requests[-1]["body"]["model"] == "cheap-claude"
                status, _, refused = await proxy.post("/openai/v1/embeddings", {"model": "gpt", "input": "to be found again"})
                assert (status, refused["error"]["code"]) == (429, "insufficient_quota")  # vectors of two models do not go together
            async with running(budgeted(mock, CALL, "warn")) as proxy:
                for _ in range(4):
                    assert await answered(proxy)
                assert proxy.metric("agent_model_budget_remaining") == 0

    asyncio.run(scene())


def test_a_degraded_call_does_not_fall_back_to_what_was_too_dear() -> None:
    async def scene() -> None:
        async with mocks(3) as [dear, cheap, spare]:
            llm = both_surfaces(dear, budget={"tokens": CALL, "period": "total", "action": "degrade", "degradeTo": "cheap"})
            llm["providers"] += [provider("cheap", "openai", cheap.url + "/v1"), provider("spare", "openai", spare.url + "/v1")]
            llm["models"] = [
                model("gpt", "openai/dear", fallbacks=["cheap"]),
                model("cheap", "cheap/b", fallbacks=["gpt", "spare"]),
                model("spare", "spare/c"),
            ]
            cheap.behaviour = {"mode": "fail"}
            async with running(llm) as proxy:
                assert await answered(proxy)
                assert await answered(proxy)
                assert [len(mock.requests) for mock in (dear, cheap, spare)] == [1, 2, 1]

    asyncio.run(scene())


def test_what_is_spent_stays_spent_when_all_pods_are_new() -> None:
    async def scene() -> None:
        async with mocks() as [mock], nats() as server:
            async with pod(mock, server, 6 * CALL, "pod-0") as proxy:
                for _ in range(4):
                    assert await answered(proxy)
            async with pod(mock, server, 6 * CALL, "pod-1") as proxy:
                assert await until_refused(proxy) == 2, "what the first pod had leased and not spent came back"
            async with pod(mock, server, 6 * CALL, "pod-2") as proxy:
                assert not await answered(proxy)

    asyncio.run(scene())


def test_pods_share_one_budget_and_overshoot_by_a_request_each_at_most() -> None:
    async def scene() -> None:
        async with mocks() as [mock], nats() as server:
            async with (
                pod(mock, server, 60 * CALL, "a") as a,
                pod(mock, server, 60 * CALL, "b") as b,
                pod(mock, server, 60 * CALL, "c") as c,
            ):
                counts = [0, 0, 0]
                while True:
                    served = await asyncio.gather(*(answered(each) for each in (a, b, c)))
                    counts = [count + one for count, one in zip(counts, served, strict=True)]
                    if not any(served):
                        break
            assert 60 <= sum(counts) <= 63
            assert min(counts) >= 15

    asyncio.run(scene())


async def eventually_refused(proxy: Running) -> None:
    async with asyncio.timeout(60):
        while await answered(proxy):
            pass


@pytest.mark.parametrize("action, wants", [("deny", False), ("warn", True)])
def test_a_store_that_is_away_never_holds_requests_up(monkeypatch: pytest.MonkeyPatch, action: str, wants: bool) -> None:
    monkeypatch.setattr(budget_module, "FIRST_PAUSE_SECONDS", 60.0)

    async def scene() -> None:
        async with mocks() as [mock], nats() as server, pod(mock, server, 1000 * CALL, action=action) as proxy:
            assert await answered(proxy)
            await server.stop()
            if not wants:
                await eventually_refused(proxy)
            started = monotonic()
            for _ in range(20):
                assert await answered(proxy) == wants
            assert monotonic() - started < 20 * budget_module.STORE_SECONDS, "they did not wait for the store one after the other"
            info: Any = proxy.models.info()
            assert info["budget"]["shared"]

    asyncio.run(scene())


def test_a_pod_that_starts_without_its_store_refuses_clearly_and_recovers(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with mocks() as [mock], nats() as server:
            await server.stop()
            async with pod(mock, server, 100 * CALL) as proxy:
                with pytest.raises(APIStatusError, match="store that keeps the agent's budget cannot be reached") as told:
                    await raw_chat(proxy)
                assert told.value.status_code == 503
                assert "the budget's store does not answer" in caplog.text
                assert proxy.metric("agent_model_budget_store_up") == 0
                await server.start()
                async with asyncio.timeout(60):
                    while not await answered(proxy):
                        await asyncio.sleep(0.05)
                assert proxy.metric("agent_model_budget_store_up") == 1

    asyncio.run(scene())


def test_a_pod_is_connected_before_its_first_request_and_a_spent_budget_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with mocks() as [mock], nats() as server, pod(mock, server, 2 * CALL) as proxy:
            await proxy.models._accounts.tick()
            assert proxy.metric("agent_model_budget_store_up") == 1
            assert proxy.metric("agent_model_budget_remaining") == 2 * CALL
            assert await until_refused(proxy) == 2
            assert not await answered(proxy)
        assert [record.message for record in caplog.records].count("the agent's budget is spent") == 1

    asyncio.run(scene())


class Mistaken(MemoryStore):
    """A store with a mistake in it that passes."""

    is_mended = False

    async def change(self, step: Step) -> Change:
        if not self.is_mended:
            raise LookupError("a mistake")
        return await super().change(step)


def test_a_mistake_in_keeping_the_budget_is_told_loudly_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = Mistaken()
    monkeypatch.setattr(accounts_module, "MemoryStore", lambda: store)

    async def scene() -> None:
        async with mocks() as [mock], running(budgeted(mock, 100 * CALL), budget_fails=True) as proxy:
            keeping = asyncio.create_task(proxy.models.run())
            async with asyncio.timeout(30):
                while not proxy.metric("agent_model_budget_failures_total"):
                    await asyncio.sleep(0.01)
            assert "LookupError: a mistake" in caplog.text
            with pytest.raises(APIStatusError, match="cannot be reached"):
                await raw_chat(proxy)
            store.is_mended = True
            async with asyncio.timeout(30):
                while not await answered(proxy):
                    await asyncio.sleep(0.05)
            assert not keeping.done()
            keeping.cancel()

    asyncio.run(scene())


def test_a_lost_bucket_is_made_again_with_what_living_pods_spent() -> None:
    async def scene() -> None:
        async with mocks() as [mock], nats() as server, pod(mock, server, 20 * CALL) as proxy:
            for _ in range(12):
                assert await answered(proxy)
            await server.stop()
            await server.start("other")
            served = 0
            async with asyncio.timeout(60):
                while True:
                    if await answered(proxy):
                        served += 1
                    elif proxy.metric("agent_model_refused_total", "budget_spent"):
                        break
                    else:
                        await asyncio.sleep(0.05)
            assert served == 8

    asyncio.run(scene())


def test_another_limit_takes_effect_at_once_and_what_was_spent_stays_spent() -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(budgeted(mock, 2 * CALL)) as proxy:
            assert await until_refused(proxy) == 2
            proxy.models.configure(configured(budgeted(mock, 5 * CALL)))
            assert await until_refused(proxy) == 3
            proxy.models.configure(configured(budgeted(mock, 4 * CALL)))
            assert not await answered(proxy)

    asyncio.run(scene())


@pytest.mark.parametrize("changes", [{"replicas": 3}, {"url": "{0},{0}"}], ids=["replicas", "url"])
def test_another_way_to_the_store_counts_nothing_twice(changes: Json) -> None:
    async def scene() -> None:
        async with mocks() as [mock], nats() as server, pod(mock, server, 20 * CALL) as proxy:
            for _ in range(7):
                assert await answered(proxy)
            mock.behaviour = {"mode": "slow", "delayMilliseconds": 200, "times": 1}
            late = asyncio.create_task(answered(proxy))
            async with asyncio.timeout(30):
                while len(mock.requests) < 8:
                    await asyncio.sleep(0.005)
            place = {"url": server.url} | {name: value.format(server.url) if name == "url" else value for name, value in changes.items()}
            proxy.models.configure(configured(budgeted(mock, 20 * CALL), nats=place))
            assert await answered(proxy)
            await proxy.models._accounts.tick()
            assert await late
            await proxy.models.tidy()
            assert await until_refused(proxy) == 20 - 9, "what was spent before was counted, and counted once"

    asyncio.run(scene())


def test_an_idle_lease_goes_back_for_other_pods() -> None:
    async def scene() -> None:
        async with mocks() as [mock], nats() as server, pod(mock, server, 20 * CALL, "a") as a, pod(mock, server, 20 * CALL, "b") as b:
            assert await answered(a)
            for _ in range(2):
                await a.models._accounts.tick()
            assert await until_refused(b) == 19

    asyncio.run(scene())


@pytest.mark.parametrize("limit, reason", [({"requestsPerMinute": 2}, "requests"), ({"tokensPerMinute": 30}, "tokens")])
def test_rates_are_limited_with_the_time_to_wait(limit: Any, reason: str) -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock, rateLimit=limit)) as proxy:
            await until_refused(proxy)
            status, headers, body = await proxy.post("/openai/v1/chat/completions", {"model": "gpt", "max_tokens": 8, "messages": HELLO})
            assert (status, 0 < int(headers["retry-after"]) <= 60, "x-should-retry" in headers) == (429, True, False)
            assert f"{reason} a minute" in body["error"]["message"]

    asyncio.run(scene())

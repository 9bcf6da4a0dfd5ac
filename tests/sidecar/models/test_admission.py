"""Which calls a budget admits, what it sets aside for them, and how soon it says no."""

import asyncio
import json
from base64 import b64encode
from typing import Literal

import pytest

from zerotouch_sidecar.models.admission import Admission, BudgetRule, Entry
from zerotouch_sidecar.models.amounts import FREE, NANO_PER_USD, NOTHING, Amount, Price, Usage
from zerotouch_sidecar.models.budget.budget import Budget
from zerotouch_sidecar.models.budget.ledger import Change
from zerotouch_sidecar.models.budget.period import PeriodKind
from zerotouch_sidecar.models.budget.store import MemoryStore, Step, StoreAwayError
from zerotouch_sidecar.models.call import Call, read_call
from zerotouch_sidecar.models.guess import FIRST_TOKENS, MOST_TOKENS, OutputGuess
from zerotouch_sidecar.models.limits import RateLimit
from zerotouch_sidecar.models.refusals import Fault
from zerotouch_sidecar.models.routing import Alias, Target
from zerotouch_sidecar.models.surfaces import CHAT

Action = Literal["deny", "degrade", "warn"]
DEAR = Price(input_pico_usd=2_000_000, output_pico_usd=8_000_000)
SECONDS = 10
"""Far below what a call waits for running ones, and far above what it needs without."""


def unexpected() -> None:
    raise AssertionError("the budget could not be kept; see the log")


class Sometimes(MemoryStore):
    """A store that can go away."""

    is_away = False

    async def change(self, step: Step) -> Change:
        if self.is_away:
            raise StoreAwayError("away")
        return await super().change(step)


def admission(limit: Amount, action: Action = "deny", store: MemoryStore | None = None) -> Admission:
    budget = Budget(limit=limit, kind=PeriodKind.TOTAL, store=store or MemoryStore(), holder="p", on_failure=unexpected)
    return Admission(RateLimit(requests_per_minute=0, tokens_per_minute=0, now=0), budget, BudgetRule(action))


def alias(name: str, price: Price = FREE) -> Alias:
    return Alias(name, (Target("p", name),), price)


def ask(bound: int | None = None) -> Call:
    return read_call(CHAT, [], b'{"model":"m"' + (b"" if bound is None else b',"max_tokens":%d' % bound) + b"}")


async def entered(admission: Admission, alias: Alias, cheaper: Alias | None = None, bound: int | None = None) -> Entry:
    entry = await admission.enter(ask(bound), alias, cheaper)
    assert isinstance(entry, Entry)
    return entry


@pytest.mark.parametrize("is_away, fault", [(False, Fault.BUDGET_SPENT), (True, Fault.UNAVAILABLE)], ids=["spent", "away"])
@pytest.mark.parametrize("action", ["deny", "degrade"])
def test_no_call_waits_for_running_ones_whose_end_gives_nothing_back(action: Action, is_away: bool, fault: Fault) -> None:
    async def scene() -> None:
        store = Sometimes()
        limits = admission(Amount(0, NANO_PER_USD), action, store)
        dear, free = alias("dear", DEAR), alias("free")
        cheaper = free if action == "degrade" else None
        first = await entered(limits, dear, cheaper)
        store.is_away = is_away
        limits.leave(first, Usage(), Amount(1, NANO_PER_USD))
        running = await entered(limits, free, cheaper)
        async with asyncio.timeout(SECONDS):
            outcome = await limits.enter(ask(), dear, cheaper)
        if isinstance(outcome, Entry):
            assert (action, outcome.alias) == ("degrade", free)
            limits.leave(outcome, Usage(), NOTHING)
        else:
            assert (action, outcome.fault, outcome.is_final) == ("deny", fault, True)
        limits.leave(running, Usage(), NOTHING)

    asyncio.run(scene())


def test_a_model_that_is_free_is_not_stopped_by_dollars_where_tokens_are_bounded_too() -> None:
    async def scene() -> None:
        limits = admission(Amount(10**9, NANO_PER_USD))
        dear, free = alias("dear", DEAR), alias("free")
        limits.leave(await entered(limits, dear), Usage(), Amount(1, NANO_PER_USD))
        refused = await limits.enter(ask(), dear, None)
        assert not isinstance(refused, Entry)
        assert refused.fault is Fault.BUDGET_SPENT
        limits.leave(await entered(limits, free), Usage(), Amount(10**9, 0))
        assert not isinstance(await limits.enter(ask(), free, None), Entry)

    asyncio.run(scene())


def test_a_degraded_call_sets_aside_what_the_cheaper_model_costs() -> None:
    async def scene() -> None:
        limits = admission(Amount(0, NANO_PER_USD), "degrade")
        dear, free = alias("dear", DEAR), alias("free")
        last = await entered(limits, dear, free)
        limits.leave(last, Usage(), Amount(1, NANO_PER_USD))
        degraded = await entered(limits, dear, free)
        assert degraded.in_place_of is dear
        assert degraded.reservation is not None
        assert degraded.reservation.amount.nano_usd == 0
        limits.leave(degraded, Usage(), NOTHING)

    asyncio.run(scene())


@pytest.mark.parametrize("n, tokens", [("8", 800), ("1", 100), ("0", 100), ("null", 100), ('"8"', 100)])
def test_a_call_for_several_answers_sets_all_of_them_aside(n: str, tokens: int) -> None:
    assert read_call(CHAT, [], f'{{"model":"m","max_tokens":100,"n":{n}}}'.encode()).estimate().output_tokens == tokens


def test_a_picture_is_not_thought_to_be_text() -> None:
    def estimate(url: str) -> int:
        part = {"type": "image_url", "image_url": {"url": url}}
        body = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "What is it? " * 1000}, part]}]}
        return read_call(CHAT, [], json.dumps(body).encode()).input_estimate()

    text = estimate("https://example.com/a.png")
    assert 3000 < text < 3100
    assert 1500 < estimate("data:image/jpeg;base64," + b64encode(bytes(300_000)).decode()) - text < 1600


def test_a_picture_is_found_wherever_it_lies() -> None:
    picture = b'"' + b"A" * 4096 + b'"'
    for indent in range(2048):
        body = b'{"model":"m","input":%b%b}' % (b" " * indent, picture)
        assert read_call(CHAT, [], body).input_estimate() == (len(body) - len(picture)) // 4 + len(picture) // 256 + 1


async def overshoot(limit: int, answer: int, bound: int | None = None) -> float:
    """Spends a budget with fifty calls at a time; returns by how many of them it went over."""
    limits, model, used, is_refused = admission(Amount(limit, 0)), alias("m"), 0, False

    async def call_on() -> None:
        nonlocal used, is_refused
        while not is_refused:
            entry = await limits.enter(ask(bound), model, None)
            if not isinstance(entry, Entry):
                is_refused = True
                return
            for _ in range(5):
                await asyncio.sleep(0)
            used += answer
            limits.leave(entry, Usage(0, answer), Amount(answer, 0))

    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(call_on() for _ in range(50)))
    return (used - limit) / answer


@pytest.mark.parametrize("answer", [100, 16_000])
@pytest.mark.parametrize("is_bounded", [True, False])
def test_calls_at_once_go_over_by_one_of_them_at_most(answer: int, is_bounded: bool) -> None:
    assert 0 < asyncio.run(overshoot(385 * answer + 1, answer, answer if is_bounded else None)) < 1


def test_a_guess_follows_longer_answers_at_once_shorter_ones_slowly_and_stays_within_bounds() -> None:
    guess = OutputGuess()
    guess.learn(10)
    assert guess.tokens == FIRST_TOKENS
    guess.learn(16_000)
    assert guess.tokens == 16_000
    guess.learn(10)
    assert 15_000 < guess.tokens < 16_000
    guess.learn(2**40)
    assert guess.tokens == MOST_TOKENS
    for _ in range(200):
        guess.learn(1)
    assert FIRST_TOKENS <= guess.tokens < 1.1 * FIRST_TOKENS


def test_only_answers_that_nothing_bounds_teach_how_long_others_become() -> None:
    async def scene() -> None:
        limits, model = admission(Amount(10**9, 0)), alias("m")
        for bound, output in ((9000, 9000), (None, 0), (None, 5000)):
            limits.leave(await entered(limits, model, bound=bound), Usage(1, output), Amount(1 + output, 0))
        assert model.guess.tokens == 5000
        entry = await entered(limits, model)
        assert entry.reservation is not None
        assert entry.reservation.amount.tokens == ask().input_estimate() + 5000
        limits.leave(entry, Usage(), NOTHING)

    asyncio.run(scene())

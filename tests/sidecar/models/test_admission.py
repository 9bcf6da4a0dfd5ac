"""Which calls a budget admits, what it sets aside for them, and how soon it says no."""

import asyncio
from typing import Literal

import pytest

from zerotouch_sidecar.models.admission import Admission, BudgetRule, Entry
from zerotouch_sidecar.models.amounts import FREE, NANO_PER_USD, NOTHING, Amount, Price, Usage
from zerotouch_sidecar.models.budget.budget import Budget
from zerotouch_sidecar.models.budget.ledger import Change
from zerotouch_sidecar.models.budget.period import PeriodKind
from zerotouch_sidecar.models.budget.store import MemoryStore, Step, StoreAwayError
from zerotouch_sidecar.models.call import Call, read_call
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


def test_a_degraded_call_sets_aside_what_the_cheaper_model_costs() -> None:
    async def scene() -> None:
        limits = admission(Amount(0, NANO_PER_USD), "degrade")
        dear, free = alias("dear", DEAR), alias("free")
        last = await entered(limits, dear, free)
        limits.leave(last, Usage(), Amount(1, NANO_PER_USD))
        degraded = await entered(limits, dear, free)
        assert degraded.is_degraded
        assert degraded.reservation is not None
        assert degraded.reservation.amount.nano_usd == 0
        limits.leave(degraded, Usage(), NOTHING)

    asyncio.run(scene())

"""A budget starts again with its period."""

import asyncio
from datetime import UTC, datetime, timedelta

from zerotouch_sidecar.models.amounts import Amount
from zerotouch_sidecar.models.budget.budget import Budget, Reservation, Verdict
from zerotouch_sidecar.models.budget.period import PeriodKind
from zerotouch_sidecar.models.budget.store import MemoryStore

HOUR = timedelta(hours=1)


def unexpected() -> None:
    raise AssertionError("the budget could not be kept; see the log")


def test_a_new_period_has_its_whole_budget_and_running_requests_count_in_it() -> None:
    async def scene() -> None:
        clock = [datetime(2026, 11, 28, 22, 59, tzinfo=UTC)]
        limit = Amount(10, 0)
        budget = Budget(limit=limit, kind=PeriodKind.HOUR, store=MemoryStore(), holder="p", on_failure=unexpected, now=lambda: clock[0])
        first = await budget.admit(Amount(10))
        assert isinstance(first, Reservation)
        budget.settle(first, Amount(7))
        late = await budget.admit(Amount(3))
        assert isinstance(late, Reservation)
        assert budget.seconds_left() == 60
        clock[0] += HOUR
        budget.settle(late, Amount(3))
        assert budget.remaining() == Amount(7, 0)
        rest = await budget.admit(Amount(7))
        assert isinstance(rest, Reservation)
        budget.settle(rest, Amount(7))
        assert await budget.admit(Amount(1)) is Verdict.SPENT
        clock[0] += HOUR
        assert isinstance(await budget.admit(Amount(1)), Reservation)
        await budget.close()

    asyncio.run(scene())


def test_a_request_waits_for_running_ones_that_hold_what_is_left() -> None:
    async def scene() -> None:
        budget = Budget(limit=Amount(10, 0), kind=PeriodKind.TOTAL, store=MemoryStore(), holder="p", on_failure=unexpected)
        first = await budget.admit(Amount(100))
        assert isinstance(first, Reservation)
        second = asyncio.create_task(budget.admit(Amount(5)))
        while not budget._waiting:
            await asyncio.sleep(0)
        budget.settle(first, Amount(4))
        outcome = await second
        assert isinstance(outcome, Reservation)
        budget.settle(outcome, Amount(6))
        assert await budget.admit(Amount(1)) is Verdict.SPENT
        await budget.close()

    asyncio.run(scene())

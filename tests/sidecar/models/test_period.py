"""A budget starts again with its period."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.sidecar.models.nats import nats
from zerotouch_sidecar.models.amounts import Amount
from zerotouch_sidecar.models.budget.budget import KEEP_TICKS, Budget, Reservation, Verdict
from zerotouch_sidecar.models.budget.clock import utc_now
from zerotouch_sidecar.models.budget.nats_store import NatsPlace, NatsStore
from zerotouch_sidecar.models.budget.period import PeriodKind, period_name
from zerotouch_sidecar.models.budget.store import MemoryStore

HOUR = timedelta(hours=1)


def unexpected() -> None:
    raise AssertionError("the budget could not be kept; see the log")


def test_a_new_period_has_its_whole_budget_and_running_requests_count_in_it() -> None:
    async def scene() -> None:
        clock = [datetime(2026, 11, 28, 22, 59, tzinfo=UTC)]
        limit = Amount(10, 0)
        budget = Budget(limit=limit, kind=PeriodKind.HOUR, store=MemoryStore(lambda: clock[0]), holder="p", on_failure=unexpected)
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


def test_a_clock_that_was_ahead_and_is_right_again_begins_no_period_twice() -> None:
    async def scene() -> None:
        clock = [datetime(2036, 11, 28, 22, 59, tzinfo=UTC)]
        store = MemoryStore(lambda: clock[0])
        budget = Budget(limit=Amount(10, 0), kind=PeriodKind.HOUR, store=store, holder="p", on_failure=unexpected)
        first = await budget.admit(Amount(10))
        assert isinstance(first, Reservation)
        budget.settle(first, Amount(10))
        clock[0] = datetime(2026, 11, 28, 22, 59, tzinfo=UTC)
        assert await budget.admit(Amount(1)) is Verdict.SPENT
        clock[0] += HOUR
        assert isinstance(await budget.admit(Amount(1)), Reservation)
        await budget.close()

    asyncio.run(scene())


@pytest.mark.parametrize("ahead", [timedelta(days=70), timedelta(days=-70)])
def test_a_pod_whose_clock_is_wrong_goes_by_that_of_nats(ahead: timedelta) -> None:
    async def scene() -> None:
        async with nats() as server:
            stores = [NatsStore(NatsPlace(server.url), "ns.agent.month", now) for now in (utc_now, lambda: utc_now() + ahead)]
            right, wrong = (
                Budget(limit=Amount(10, 0), kind=PeriodKind.MONTH, store=store, holder=str(at), on_failure=unexpected)
                for at, store in enumerate(stores)
            )
            for budget in (right, wrong, right):
                while isinstance(admitted := await budget.admit(Amount(1)), Reservation):
                    budget.settle(admitted, Amount(1))
                assert admitted is Verdict.SPENT
                assert budget.remaining().tokens == 0
            assert period_name(PeriodKind.MONTH, stores[1].now()) == period_name(PeriodKind.MONTH, utc_now())
            await wrong.close()
            await right.close()

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


def test_a_pod_without_requests_learns_what_others_gave_back() -> None:
    async def scene() -> None:
        store = MemoryStore()
        busy, idle = (
            Budget(limit=Amount(10, 0), kind=PeriodKind.TOTAL, store=store, holder=name, on_failure=unexpected) for name in ("busy", "idle")
        )
        held = await busy.admit(Amount(10))
        assert isinstance(held, Reservation)
        assert busy._refill is not None
        await busy._refill
        await idle.tick()
        assert idle.remaining().tokens == 0
        busy.settle(held, Amount(1))
        for _ in range(2):
            await busy.tick()
        for _ in range(KEEP_TICKS):
            await idle.tick()
        assert idle.remaining().tokens == 9

    asyncio.run(scene())

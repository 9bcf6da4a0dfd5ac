"""A budget at work: admits requests, keeps the pod's lease filled ahead of need, and gives back what lies idle."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from time import monotonic
from typing import Final

from zerotouch_sidecar.models.amounts import NOTHING, Amount
from zerotouch_sidecar.models.budget.ledger import Change, Ledger, keep, leave, take
from zerotouch_sidecar.models.budget.period import PeriodKind, period_name, seconds_left, span
from zerotouch_sidecar.models.budget.record import Record
from zerotouch_sidecar.models.budget.store import Store, StoreAwayError

STORE_SECONDS: Final = 1.0
"""The longest that a request waits for the store; while the store is known to be away it does not wait at all."""

FIRST_PAUSE_SECONDS: Final = 1.0
LAST_PAUSE_SECONDS: Final = 15.0
"""After a failure the store is left alone for so long, doubled each time up to the last."""

SPENT_SECONDS: Final = 1.0
"""How long "nothing is left" is believed: another pod may have given something back."""

QUEUE_SECONDS: Final = 30.0
"""How long a request waits for running ones that have set aside what is left."""

AHEAD_SECONDS: Final = 60.0
"""A period that begins later than that has not been begun by anybody whose clock is right."""

KEEP_TICKS: Final = 12
"""After so many calls of `tick` even an idle pod looks whether the record is still there."""

log = logging.getLogger(__name__)

_Step = Callable[[Record | None, Ledger, str, str, int], Change]


class Verdict(Enum):
    """Why a budget does not admit a request."""

    SPENT = "spent"
    """Nothing is left in this period."""

    BUSY = "busy"
    """What is left is set aside for requests that still run."""

    AWAY = "away"
    """This pod's lease is used up, and the store that knows of more cannot be reached."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was set aside for one request."""

    amount: Amount


class Budget:
    """One agent's budget, as this pod sees it.

    Args:
        holder: The name of its part in the record, which no other budget bears.
        on_failure: Told of each mistake in keeping the budget, which is logged and must not end the sidecar.
    """

    def __init__(
        self,
        *,
        limit: Amount,
        kind: PeriodKind,
        store: Store,
        holder: str,
        on_failure: Callable[[], None],
    ) -> None:
        self.limit = limit
        self.kind = kind
        self._store = store
        self._holder = holder
        self._on_failure = on_failure
        self._ledger = Ledger(limit, period_name(kind, store.now()))
        self._span = span(kind, store.now())
        self._record: Record | None = None
        self._refill: asyncio.Task[None] | None = None
        self._spent: tuple[bool, ...] = (False, False)
        self._spent_until = self._away_until = 0.0
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._waiting: list[asyncio.Future[None]] = []
        self._is_idle = True
        self._ticks = 0
        self._told = ""
        self._full = NOTHING
        self._turn = asyncio.Lock()

    @property
    def is_shared(self) -> bool:
        """Whether the agent's other pods share this budget."""
        return self._store.is_shared

    @property
    def is_away(self) -> bool:
        """Whether the store did not answer when it was last asked."""
        return self._away_until > 0

    def remaining(self) -> Amount:
        """Returns what is left, as far as this pod knows: what nobody has taken, and its own lease."""
        ledger = self._turned()
        taken = self._record.taken() if self._record and self._record.period == ledger.period else ledger.granted
        return Amount(*(limit and max(0, limit - used) for limit, used in zip(self.limit, taken.minus(ledger.free()), strict=True)))

    def seconds_left(self) -> float | None:
        """Returns how long the period lasts, or nothing when it never ends."""
        return seconds_left(self.kind, self._store.now())

    def relimit(self, limit: Amount) -> None:
        """Takes a new limit; what was spent stays spent."""
        self.limit = limit
        self._ledger = self._ledger._replace(limit=limit)
        self._spent_until = 0.0
        self._wake()

    async def admit(self, estimate: Amount) -> Reservation | Verdict:
        """Sets an estimate aside. Waits while running requests hold what is left, and for a slow store at most a second."""
        deadline = monotonic() + QUEUE_SECONDS
        while not self._turned().has_free(estimate):
            blocked = self._blocked(estimate)
            if blocked is None:
                await self._refilled()
            elif not self._ledger._replace(reserved=NOTHING).has_free(estimate):  # no running request can give back enough
                return blocked
            elif not await self._settled(deadline - monotonic()):
                return Verdict.BUSY
        return self.reserve(estimate)

    def reserve(self, estimate: Amount) -> Reservation:
        """Sets an estimate aside whatever is left."""
        self._ledger = self._turned().reserve(estimate)
        self._is_idle = False
        if self._blocked(estimate) is None and self._is_low(estimate):
            self._begin_refill()
        return Reservation(estimate)

    def settle(self, reservation: Reservation, used: Amount) -> None:
        """Counts what a request really used."""
        self._ledger = self._turned().settle(reservation.amount, used)
        self._is_idle = False
        self._wake()

    async def tick(self) -> None:
        """Gives back a lease that was not used since the last call, notices a lost record, and what other pods gave back of a spent one."""
        ledger = self._turned()
        was_idle, self._is_idle = self._is_idle, True
        self._ticks += 1
        is_due = not was_idle or self._ticks % KEEP_TICKS == 0
        is_spent = any(limit and not left for limit, left in zip(self.limit, self.remaining(), strict=True))
        lent = ledger.without_free()
        if monotonic() < self._away_until:
            return
        if not ledger.record_id:  # connects before the first request needs it
            await self._change(keep)
        elif (was_idle and lent != ledger) or (is_due and (is_spent or any(ledger.spent))):
            if was_idle:
                self._ledger = lent  # before the store is asked: nobody may spend what is being given back
            await self._change(keep)

    async def close(self) -> None:
        """Gives everything back that was not spent."""
        if self._refill is not None:
            await asyncio.wait([self._refill])
        self._ledger = self._turned().without_free()
        if self._ledger.record_id or any(self._ledger.spent):
            await self._change(leave)
        try:
            await self._store.close()
        except Exception:  # a connection that cannot be ended in order is gone with the process
            self._failed()

    def _turned(self) -> Ledger:
        now = self._store.now()
        if self._span[0] <= now < self._span[1]:
            return self._ledger
        was_ahead, self._span = now < self._span[0], span(self.kind, now)
        name = period_name(self.kind, now)
        if was_ahead or name > self._ledger.period:
            spent = self._ledger.spent if was_ahead else NOTHING
            self._ledger = self._ledger.turned(name)._replace(spent=spent)
            self._spent_until = 0.0
            self._wake()
        return self._ledger

    def _blocked(self, needed: Amount) -> Verdict | None:
        now = monotonic()
        if now < self._away_until:
            return Verdict.AWAY
        is_spent = now < self._spent_until and any(spent and part for spent, part in zip(self._spent, needed, strict=True))
        return Verdict.SPENT if is_spent else None

    def _is_low(self, needed: Amount) -> bool:
        """Whether less than half of the last lease is free, so that the next one is fetched before it is missed."""
        parts = zip(self.limit, needed, self._ledger.free(), self._full, strict=True)
        return any(limit and part and 2 * free < full for limit, part, free, full in parts)

    def _begin_refill(self) -> asyncio.Task[None]:
        if self._refill is None or self._refill.done():
            self._refill = asyncio.create_task(self._change(take))
        return self._refill

    async def _refilled(self) -> None:
        await asyncio.shield(self._begin_refill())

    async def _change(self, step: _Step) -> None:
        """Changes record and ledger. Requests go on meanwhile, so what they spent and set aside is added to what the step saw."""
        seen = self._ledger

        def of_now(record: Record | None) -> Change:
            nonlocal seen
            seen, now = self._turned(), self._store.now()
            if record is not None and record.period > period_name(self.kind, now + timedelta(seconds=AHEAD_SECONDS)):
                record = replace(record, period=seen.period)  # whoever turned it had a clock that was wrong
            return step(record, seen, self._holder, secrets.token_hex(8), int(now.timestamp()))

        try:
            async with asyncio.timeout(STORE_SECONDS), self._turn:
                change = await self._store.change(of_now)
                self._apply(change, seen)
        except (StoreAwayError, TimeoutError) as error:
            if not self.is_away:
                log.warning("the budget's store does not answer", extra={"problem": str(error) or "it takes too long"})
            self._leave_alone()
        except Exception:  # a mistake, ours or the library's: models go on by the lease, and the next attempt may succeed
            self._failed()
            self._leave_alone()
        self._wake()

    def _leave_alone(self) -> None:
        self._away_until = monotonic() + self._pause_seconds
        self._pause_seconds = min(LAST_PAUSE_SECONDS, 2 * self._pause_seconds)

    def _failed(self) -> None:
        log.exception("the budget could not be kept; this is a mistake of the sidecar")
        self._on_failure()

    def _apply(self, change: Change, seen: Ledger) -> None:
        self._away_until, self._pause_seconds = 0.0, FIRST_PAUSE_SECONDS
        now = self._turned()
        if now.period != seen.period:
            return
        self._record = change.record
        spent, reserved = now.spent.minus(seen.spent), now.reserved.minus(seen.reserved)
        self._ledger = change.ledger._replace(
            limit=now.limit, spent=change.ledger.spent.plus(spent), reserved=change.ledger.reserved.plus(reserved)
        )
        self._spent, self._spent_until = change.spent, monotonic() + SPENT_SECONDS
        if any(change.spent) and self._told != now.period:
            self._told = now.period
            log.warning("the agent's budget is spent", extra={"period": now.period})
        self._full = change.ledger.free().above_zero()

    async def _settled(self, seconds: float) -> bool:
        """Waits until something changed."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            async with asyncio.timeout(min(seconds, SPENT_SECONDS)):
                await future
        except TimeoutError:
            return seconds > SPENT_SECONDS
        return True

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

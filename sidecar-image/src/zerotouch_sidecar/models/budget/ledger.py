"""One pod's side of a budget: what it has taken, spent, and set aside for requests that are running. No clock, no network."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from zerotouch_sidecar.models.amounts import NOTHING, Amount
from zerotouch_sidecar.models.budget.record import Record, lease


class Ledger(NamedTuple):
    """What this pod knows without asking. A tuple, since each request makes two of them."""

    limit: Amount
    """The whole budget, of which a part that is 0 has no limit."""

    period: str
    record_id: str = ""
    """The record that `granted` stands in; empty before the first lease."""

    granted: Amount = NOTHING
    spent: Amount = NOTHING
    reserved: Amount = NOTHING

    def free(self) -> Amount:
        """Returns what may still be set aside. Negative: more is spent or set aside than was taken."""
        return self.granted.minus(self.spent).minus(self.reserved)

    def has_free(self, needed: Amount) -> bool:
        """Whether a request may start that needs so much. It may need more than is free: that is the one that may go over."""
        return all(free > 0 or not (limit and part) for free, limit, part in zip(self.free(), self.limit, needed, strict=True))

    def reserve(self, amount: Amount) -> "Ledger":
        """Returns the ledger with an amount set aside."""
        return self._replace(reserved=self.reserved.plus(amount))

    def settle(self, reserved: Amount, used: Amount) -> "Ledger":
        """Returns the ledger after a request ended, with what it really used."""
        return self._replace(reserved=self.reserved.minus(reserved), spent=self.spent.plus(used))

    def without_free(self) -> "Ledger":
        """Returns the ledger without what no running request needs: it is about to be given back."""
        return self._replace(granted=Amount(*map(min, self.granted, self.spent.plus(self.reserved))))

    def turned(self, period: str) -> "Ledger":
        """Returns the ledger at the start of a period. Running requests count in the period in which they end."""
        return self._replace(period=period, record_id="", granted=NOTHING, spent=NOTHING)


@dataclass(frozen=True, slots=True)
class Change:
    """A new record, and the ledger that belongs to it."""

    record: Record
    ledger: Ledger
    spent: tuple[bool, ...] = (False, False)
    """Of which of an amount's units nothing was left to take."""


def take(record: Record | None, ledger: Ledger, holder: str, new_id: str, now: int) -> Change:
    """Takes a lease: enough for the running requests if so much is left, and a slice beyond."""
    record, ledger = _joined(record, ledger, holder, new_id, now)
    taken, pods = record.taken(), len(record.pods)
    more = (lease(*numbers, pods) for numbers in zip(ledger.limit, taken, ledger.free(), strict=True))
    granted = ledger.granted.plus(Amount(*more))
    spent = tuple(0 < limit <= all_taken for limit, all_taken in zip(ledger.limit, taken, strict=True))
    return Change(record.with_holder(holder, granted, now), ledger._replace(granted=granted), spent)


def keep(record: Record | None, ledger: Ledger, holder: str, new_id: str, now: int) -> Change:
    """Tells the record that the pod lives and what it took, which a lost record has forgotten."""
    record, ledger = _joined(record, ledger, holder, new_id, now)
    return Change(record, ledger)


def leave(record: Record | None, ledger: Ledger, holder: str, new_id: str, now: int) -> Change:
    """Takes the pod off the record."""
    change = keep(record, ledger, holder, new_id, now)
    return replace(change, record=change.record.without_holder(holder), ledger=ledger.turned(ledger.period))


def _joined(record: Record | None, ledger: Ledger, holder: str, new_id: str, now: int) -> tuple[Record, Ledger]:
    """Returns record and ledger that agree about what this pod has taken, which is at least what it spent."""
    if record is None or record.period < ledger.period:
        record = Record(new_id, ledger.period)
    if record.period > ledger.period:  # another pod's clock is ahead: its period has begun
        ledger = ledger.turned(record.period)
    if ledger.record_id == record.id and holder not in record.pods:  # not heard of for so long that it was added to those that are gone
        ledger = ledger._replace(granted=NOTHING, spent=ledger.spent.minus(ledger.granted).above_zero())
    granted = Amount(*map(max, ledger.granted, ledger.spent))
    return record.with_holder(holder, granted, now), ledger._replace(record_id=record.id, granted=granted)

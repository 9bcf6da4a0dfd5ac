"""Where records lie: the interface, and the store of a pod that shares with nobody."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from zerotouch_sidecar.models.budget.clock import Now, utc_now
from zerotouch_sidecar.models.budget.ledger import Change
from zerotouch_sidecar.models.budget.record import Record

Step = Callable[[Record | None], Change]
"""Makes a new record from the present one. It may be called again when another pod was faster, so it must not change anything."""


class StoreAwayError(Exception):
    """The store did not answer. Nothing is known about what it did."""


class Store(Protocol):
    """Holds one agent's record."""

    @property
    def is_shared(self) -> bool:
        """Whether other pods see the same record."""

    def now(self) -> datetime:
        """Returns the time, about which all pods agree while the store answers."""

    async def change(self, step: Step) -> Change:
        """Replaces the record by what a step makes of it, as if no other pod existed meanwhile.

        Raises:
            StoreAwayError: The store cannot be reached.
        """

    async def close(self) -> None:
        """Lets go of connections."""


class MemoryStore:
    """A record for this process alone."""

    is_shared = False

    def __init__(self, now: Now = utc_now) -> None:
        self.now = now
        self._record: Record | None = None

    async def change(self, step: Step) -> Change:
        """Replaces the record."""
        change = step(self._record)
        self._record = change.record
        return change

    async def close(self) -> None:
        """Has nothing to let go of."""

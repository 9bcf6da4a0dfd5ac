"""The agent's budget across configurations: one that only got another limit goes on, with what was spent."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from zerotouch_sidecar.config.llm import Budget as BudgetConfig
from zerotouch_sidecar.config.structs import Configuration, Nats
from zerotouch_sidecar.models.amounts import NANO_PER_USD, Amount, nano_usd
from zerotouch_sidecar.models.budget.budget import Budget
from zerotouch_sidecar.models.budget.period import PeriodKind
from zerotouch_sidecar.models.budget.store import MemoryStore, Store


@dataclass(frozen=True, slots=True)
class _Made:
    budget: Budget
    kind: PeriodKind
    nats: Nats | None


class Accounts:
    """Owns the budget of today and those that are on their way out.

    Args:
        pod: Its name, with which the names of its parts of shared budgets begin.
        on_failure: Told of each mistake in keeping a budget.
    """

    def __init__(self, pod: str, on_failure: Callable[[], None]) -> None:
        self._pod = pod
        self._on_failure = on_failure
        self._made: _Made | None = None
        self._ended: list[Budget] = []

    @property
    def budget(self) -> Budget | None:
        """The budget of the configuration; none: nothing is bounded."""
        return self._made.budget if self._made else None

    def configure(self, configuration: Configuration) -> None:
        """Takes a new configuration."""
        rule, made = configuration.llm.budget, self._made
        kind = PeriodKind(rule.period) if rule else None
        if rule is not None and made is not None and (made.kind, made.nats) == (kind, configuration.nats):
            made.budget.relimit(_limit(rule))
            return
        if made is not None:
            self._ended.append(made.budget)
        self._made = None
        if rule is not None and kind is not None:
            store = _store(configuration, kind)
            # Unlike the pod's own name it is shared with no budget before: that one still gives back what it took under its own.
            holder = f"{self._pod}/{secrets.token_hex(4)}"
            budget = Budget(limit=_limit(rule), kind=kind, store=store, holder=holder, on_failure=self._on_failure)
            self._made = _Made(budget, kind, configuration.nats)

    async def tick(self) -> None:
        """Does what is due every few seconds."""
        if self._made is not None:
            await self._made.budget.tick()

    async def close_ended(self) -> None:
        """Gives back the leases of budgets that no call needs any more."""
        while self._ended:
            await self._ended.pop().close()

    async def close(self) -> None:
        """Gives back every lease."""
        if self._made is not None:
            self._ended.append(self._made.budget)
            self._made = None
        await self.close_ended()

    def info(self) -> dict[str, object] | None:
        """Returns what is left, for people."""
        if self._made is None:
            return None
        budget, left = self._made.budget, self._made.budget.remaining()
        told: dict[str, object] = {"period": self._made.kind.value, "shared": budget.is_shared, "storeAnswers": not budget.is_away}
        if budget.limit.tokens:
            told["tokensRemaining"] = left.tokens
        if budget.limit.nano_usd:
            told["usdRemaining"] = f"{Decimal(left.nano_usd) / NANO_PER_USD:.6f}"
        return told


def _limit(rule: BudgetConfig) -> Amount:
    return Amount(rule.tokens, nano_usd(Decimal(rule.usd)))


def _store(configuration: Configuration, kind: PeriodKind) -> Store:
    nats, agent = configuration.nats, configuration.agent
    if nats is None:
        return MemoryStore()
    # The library costs a third of the start and 5 MB: only a shared budget is worth that.
    from zerotouch_sidecar.models.budget.nats_store import NatsPlace, NatsStore

    place = NatsPlace(nats.url, nats.credentials_file, nats.ca_file, nats.replicas)
    return NatsStore(place, f"{agent.namespace or 'default'}.{agent.name}.{kind.value}")

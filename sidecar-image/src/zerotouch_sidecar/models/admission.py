"""Decides whether a call may be made, by whom, and keeps account of it until it is over."""

from dataclasses import dataclass
from time import monotonic
from typing import Final, Literal

from zerotouch_sidecar.models.amounts import Amount, Usage
from zerotouch_sidecar.models.budget.budget import Budget, Reservation, Verdict
from zerotouch_sidecar.models.call import Call
from zerotouch_sidecar.models.limits import Admitted, RateLimit, TooFast
from zerotouch_sidecar.models.refusals import Fault, Refusal
from zerotouch_sidecar.models.routing import Alias

AWAY_SECONDS: Final = 2.0
"""When to come back after the store of budgets did not answer."""


@dataclass(frozen=True, slots=True)
class BudgetRule:
    """What happens when a budget is spent."""

    action: Literal["deny", "degrade", "warn"]
    degrade_to: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A call that may be made."""

    alias: Alias
    in_place_of: Alias | None
    """Which alias was asked for, where the budget is spent and a cheaper one answers."""

    is_bounded: bool
    """Whether the request bounds its answer; how long the others become is learned."""

    rate: Admitted
    reservation: Reservation | None


class Admission:
    """The limits of one configuration, and the budget."""

    def __init__(self, rate_limit: RateLimit, budget: Budget | None, rule: BudgetRule) -> None:
        self._rate_limit = rate_limit
        self.budget = budget
        self.rule = rule

    async def enter(self, call: Call, alias: Alias, cheaper: Alias | None) -> Entry | Refusal:
        """Admits a call, or says why not.

        `cheaper` answers when the budget is spent, if it can answer such a call.
        """
        rate = self._rate_limit.admit(call.estimate().total_tokens, monotonic())
        if isinstance(rate, TooFast):
            message = f"The agent's limit of {rate.per_minute} {rate.limit} a minute for each pod is reached"
            return Refusal(Fault.RATE_LIMITED, message, retry_after_seconds=rate.wait_seconds, is_final=False)
        try:
            outcome = await self._reserved(call, alias, cheaper)
        except BaseException:
            self._rate_limit.settle(rate, 0)
            raise
        if isinstance(outcome, Refusal):
            self._rate_limit.settle(rate, 0)
            return outcome
        chosen, reservation = outcome
        return Entry(chosen, None if chosen is alias else alias, call.output_limit is not None, rate, reservation)

    def leave(self, entry: Entry, usage: Usage, cost: Amount) -> None:
        """Settles what a call used. Called exactly once for each entry."""
        self._rate_limit.settle(entry.rate, usage.total_tokens)
        if usage.output_tokens and not entry.is_bounded:
            entry.alias.guess.learn(usage.output_tokens)
        if entry.reservation is not None and self.budget is not None:
            self.budget.settle(entry.reservation, cost)

    async def _reserved(self, call: Call, alias: Alias, cheaper: Alias | None) -> tuple[Alias, Reservation | None] | Refusal:
        budget, estimate = self.budget, _estimate(call, alias)
        if budget is None or not any(estimate):
            return alias, None
        is_limited = any(limit and part for limit, part in zip(budget.limit, estimate, strict=True))
        if self.rule.action == "warn" or alias is cheaper or not is_limited:  # never refused, so it never waits either
            return alias, budget.reserve(estimate)
        verdict = await budget.admit(estimate)
        if isinstance(verdict, Reservation):
            return alias, verdict
        if self.rule.action == "degrade" and cheaper is not None:
            return cheaper, budget.reserve(_estimate(call, cheaper))
        return _refused(budget, verdict)


def _estimate(call: Call, alias: Alias) -> Amount:
    return alias.price.amount(call.estimate(alias.guess.tokens))


def _refused(budget: Budget, verdict: Verdict) -> Refusal:
    if verdict is Verdict.AWAY:
        message = "The store that keeps the agent's budget cannot be reached, and this pod's share is used up"
        return Refusal(Fault.UNAVAILABLE, message, retry_after_seconds=AWAY_SECONDS)
    if verdict is Verdict.BUSY:
        message = "What is left of the agent's budget is set aside for calls that still run"
        return Refusal(Fault.RATE_LIMITED, message, retry_after_seconds=AWAY_SECONDS, is_final=False)
    left = budget.seconds_left()
    when = "" if left is None else f"; it starts again in {left:.0f} s"
    return Refusal(Fault.BUDGET_SPENT, f"The agent's budget {budget.kind.words} is spent{when}", retry_after_seconds=left)

"""A circuit breaker for one target: a provider that keeps failing is left alone for a while, then tried with a single request."""

from collections import deque
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """What a breaker lets through; the value is what its gauge shows."""

    CLOSED = 0
    """Everything."""

    HALF_OPEN = 2
    """One request at a time, whose end decides."""

    OPEN = 1
    """Nothing."""


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """When to open, and for how long."""

    failures: int
    """So many failures without a success between them open the breaker; 0 = it never opens."""

    window_seconds: float
    """Failures that are older do not count."""

    cooldown_seconds: float
    """How long nothing is let through."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one request. Its result counts only in the phase in which it was given."""

    phase: int
    is_trial: bool


class Breaker:
    """Times are seconds of a monotonic clock that the caller passes in."""

    def __init__(self, rule: BreakerRule) -> None:
        self._rule = rule
        self._failures: deque[float] = deque(maxlen=max(rule.failures, 1))
        self._opened_at: float | None = None
        self._phase = 0
        self._is_trying = False

    def state(self, now: float) -> State:
        """Returns what the breaker does at this moment."""
        if self._opened_at is None:
            return State.CLOSED
        return State.OPEN if now < self._opened_at + self._rule.cooldown_seconds else State.HALF_OPEN

    def wait_seconds(self, now: float) -> float:
        """Returns how long until a request may be tried again."""
        return 0.0 if self._opened_at is None else max(0.0, self._opened_at + self._rule.cooldown_seconds - now)

    def ask(self, now: float) -> Permit | None:
        """Returns leave to send, or nothing while the target is to be left alone."""
        state = self.state(now)
        if state is State.CLOSED:
            return Permit(self._phase, is_trial=False)
        if state is State.OPEN or self._is_trying:
            return None
        self._is_trying = True
        return Permit(self._phase, is_trial=True)

    def succeeded(self, permit: Permit) -> None:
        """Takes note of an answer. One to a request from before the breaker opened says nothing about today."""
        if permit.phase != self._phase:
            return
        self._failures.clear()
        if permit.is_trial:
            self._turn(None)

    def failed(self, permit: Permit, now: float) -> None:
        """Takes note of a failure."""
        if permit.phase != self._phase or not self._rule.failures:
            return
        if permit.is_trial:
            self._turn(now)
            return
        self._failures.append(now)
        is_full = len(self._failures) == self._rule.failures
        if is_full and now - self._failures[0] <= self._rule.window_seconds:
            self._turn(now)

    def dropped(self, permit: Permit) -> None:
        """Takes note of a request that ended without telling anything: its client went away."""
        if permit.is_trial and permit.phase == self._phase:
            self._is_trying = False

    def _turn(self, opened_at: float | None) -> None:
        self._opened_at = opened_at
        self._phase += 1
        self._is_trying = False
        self._failures.clear()

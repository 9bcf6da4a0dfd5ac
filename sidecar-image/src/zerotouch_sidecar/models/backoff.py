"""How long to wait before a target is tried again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

Random = Callable[[], float]
"""Gives numbers from 0 up to, not including, 1."""


@dataclass(frozen=True, slots=True)
class RetryRule:
    """How often a target is tried for one call, and the pauses between."""

    attempts: int
    """Attempts for each target, the first included."""

    initial_backoff_seconds: float
    max_backoff_seconds: float


def pause_seconds(rule: RetryRule, attempt: int, retry_after_seconds: float | None, random: Random) -> float | None:
    """Returns the pause after an attempt, or nothing when the provider asks for a longer one than the rule allows.

    Full jitter: anything between nothing and the doubled bound, so that agents that failed together do not come back together.
    """
    bound = min(rule.max_backoff_seconds, rule.initial_backoff_seconds * 2.0 ** (attempt - 1))
    pause = bound * random()
    if retry_after_seconds is None:
        return pause
    if retry_after_seconds > rule.max_backoff_seconds:
        return None
    return max(pause, retry_after_seconds)


def retry_after_seconds(milliseconds: str, seconds_or_date: str, now: datetime) -> float | None:
    """Reads `retry-after-ms` and `Retry-After`; nothing when there is none that makes sense."""
    for text, unit in ((milliseconds, 0.001), (seconds_or_date, 1.0)):
        number = _number(text)
        if number is not None:
            return number * unit
    try:
        then = parsedate_to_datetime(seconds_or_date)
    except (TypeError, ValueError):
        return None
    return max(0.0, ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds())


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None

"""The spans of time that a budget is for, in UTC."""

from datetime import UTC, datetime, timedelta
from enum import Enum


class PeriodKind(Enum):
    """How often a budget starts again."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    TOTAL = "total"

    @property
    def words(self) -> str:
        """The period as the end of a sentence about its budget."""
        return "for all time" if self is PeriodKind.TOTAL else f"for this {self.value}"


def period_name(kind: PeriodKind, now: datetime) -> str:
    """Returns the name of the period that a moment lies in. Of two names of one kind the later period is the greater one."""
    formats = {PeriodKind.HOUR: "%Y-%m-%dT%H", PeriodKind.DAY: "%Y-%m-%d", PeriodKind.MONTH: "%Y-%m", PeriodKind.TOTAL: "total"}
    return now.strftime(formats[kind])


def seconds_left(kind: PeriodKind, now: datetime) -> float | None:
    """Returns how long the period lasts from now on, or nothing when it never ends."""
    return None if kind is PeriodKind.TOTAL else (span(kind, now)[1] - now).total_seconds()


def span(kind: PeriodKind, now: datetime) -> tuple[datetime, datetime]:
    """Returns when the period that a moment lies in begins and ends; one that never does lasts as long as the calendar."""
    if kind is PeriodKind.TOTAL:
        return datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    start = now.replace(minute=0, second=0, microsecond=0)
    if kind is PeriodKind.HOUR:
        return start, start + timedelta(hours=1)
    start = start.replace(hour=0)
    if kind is PeriodKind.DAY:
        return start, start + timedelta(days=1)
    start = start.replace(day=1)
    return start, (start + timedelta(days=32)).replace(day=1)

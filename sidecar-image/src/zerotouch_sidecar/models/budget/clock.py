"""The time by which a budget's periods begin: the store's, so that a pod whose own clock is wrong begins none before the others."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Final

TOLERATED_SECONDS: Final = 5.0
"""A difference that may be the network's."""

log = logging.getLogger(__name__)

Now = Callable[[], datetime]
"""Tells the time, with its zone."""


def utc_now() -> datetime:
    """Returns this machine's time."""
    return datetime.now(UTC)


class Clock:
    """Goes on from what it was last told; before that from this machine's time."""

    def __init__(self, now: Now = utc_now) -> None:
        self._started = now().timestamp() - monotonic()

    def now(self) -> datetime:
        """Returns the time."""
        return datetime.fromtimestamp(self._started + monotonic(), UTC)

    def told(self, time: datetime) -> None:
        """Takes the time from somebody who knows it."""
        ahead = (self.now() - time).total_seconds()
        if abs(ahead) > TOLERATED_SECONDS:
            log.warning("this machine's clock is wrong, budgets go by that of NATS", extra={"aheadSeconds": round(ahead)})
            self._started = time.timestamp() - monotonic()

"""Requests and tokens per minute for this pod, as token buckets that refill all the time."""

from dataclasses import dataclass

SECONDS_PER_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that is within the limits, with what it was taken for."""

    tokens: int


@dataclass(frozen=True, slots=True)
class TooFast:
    """A call that is over a limit."""

    limit: str
    """What is used up: `requests` or `tokens`."""

    per_minute: int
    wait_seconds: float


class RateLimit:
    """Both limits together: a call takes from both or from neither. Times are seconds of a monotonic clock."""

    def __init__(self, *, requests_per_minute: int, tokens_per_minute: int, now: float) -> None:
        self._requests = _Bucket(requests_per_minute, now)
        self._tokens = _Bucket(tokens_per_minute, now)

    def admit(self, tokens: int, now: float) -> Admitted | TooFast:
        """Takes one request and the tokens that it is thought to need.

        A call that is thought to need more than a whole minute's tokens waits for a full bucket, so that it can run at all.
        """
        needed = min(tokens, self._tokens.per_minute)
        for name, bucket, amount in (("requests", self._requests, 1), ("tokens", self._tokens, needed)):
            wait = bucket.wait_seconds(amount, now)
            if wait > 0:
                return TooFast(name, bucket.per_minute, wait)
        self._requests.take(1)
        self._tokens.take(needed)
        return Admitted(needed)

    def settle(self, admitted: Admitted, tokens: int) -> None:
        """Puts back what a call did not use, or takes what it used beyond."""
        self._tokens.take(tokens - admitted.tokens)


class _Bucket:
    """Holds at most a minute's worth. A debt is bounded too: it delays the next calls by a minute at most."""

    def __init__(self, per_minute: int, now: float) -> None:
        self.per_minute = per_minute
        self._level = float(per_minute)
        self._at = now

    def wait_seconds(self, amount: float, now: float) -> float:
        if not self.per_minute:
            return 0.0
        if now > self._at:
            refill = (now - self._at) * self.per_minute / SECONDS_PER_MINUTE
            self._level, self._at = min(float(self.per_minute), self._level + refill), now
        if amount <= self._level:
            return 0.0
        return (amount - self._level) * SECONDS_PER_MINUTE / self.per_minute

    def take(self, amount: float) -> None:
        if self.per_minute:
            self._level = min(float(self.per_minute), max(-float(self.per_minute), self._level - amount))

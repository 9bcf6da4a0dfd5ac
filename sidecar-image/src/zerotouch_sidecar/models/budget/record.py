"""What the store holds for one agent: who has taken how much of the budget. Pure values, changed by compare-and-set."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from zerotouch_sidecar.models.amounts import NOTHING, Amount

SHARES: Final = 4
"""A lease is at most this fraction of a pod's equal part of what is left, so that a late pod finds something too."""

SLICES: Final = 50
"""A lease is at most this fraction of the whole budget: what a pod that vanishes can waste."""

FORGET_SECONDS: Final = 3600
"""A pod that was not heard of for so long is added to those that are gone, so that the record does not grow."""


@dataclass(frozen=True, slots=True)
class Holder:
    """What one budget of a living pod has taken, what it spent included."""

    granted: Amount
    seen_at: int
    """Unix time in seconds of its last change."""


@dataclass(frozen=True, slots=True)
class Record:
    """One agent's budget in one period."""

    id: str
    """Made at random with the record: another id means that the record was lost and made again."""

    period: str
    gone: Amount = NOTHING
    """What pods that are gone had taken."""

    pods: Mapping[str, Holder] = field(default_factory=dict)
    """By the pod's name and a random part: another budget of the pod, or of an earlier life of it, holds what it took for itself."""

    def taken(self) -> Amount:
        """Returns what has been taken in all."""
        total = self.gone
        for holder in self.pods.values():
            total = total.plus(holder.granted)
        return total

    def with_holder(self, name: str, granted: Amount, now: int) -> "Record":
        """Returns the record with what a holder has taken, and without those that were not heard of for long."""
        pods = dict(self.pods)
        pods[name] = Holder(granted, now)
        gone = self.gone
        for other, holder in self.pods.items():
            if other != name and holder.seen_at < now - FORGET_SECONDS:
                gone = gone.plus(pods.pop(other).granted)
        return replace(self, gone=gone, pods=pods)

    def without_holder(self, name: str) -> "Record":
        """Returns the record with a holder among those that are gone."""
        pods = dict(self.pods)
        holder = pods.pop(name, None)
        return self if holder is None else replace(self, gone=self.gone.plus(holder.granted), pods=pods)


def lease(limit: int, taken: int, free: int, pods: int) -> int:
    """Returns how much of one limit a pod is given: what lacks for its running requests and a share beyond, never more than is left.

    Args:
        limit: The whole budget; 0 = this unit has none, and only what lacks is given.
        taken: What all pods have taken already.
        free: What this pod has beyond its running requests; negative when something lacks.
        pods: How many pods share, this one included.
    """
    if not limit:
        return max(0, -free)
    left = max(0, limit - taken)
    share = max(1, min(left // (SHARES * pods), limit // SLICES))
    return min(left, max(0, share - free))

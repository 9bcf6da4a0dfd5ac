"""Which targets may answer for an alias, and in which order they are tried."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from zerotouch_sidecar.models.amounts import Price
from zerotouch_sidecar.models.guess import OutputGuess

Random = Callable[[], float]
"""Gives numbers from 0 up to, not including, 1."""


@dataclass(frozen=True, slots=True)
class Target:
    """One model of one provider."""

    provider: str
    model: str
    weight: int = 1
    """Share of first tries among its alias's targets; 0 = only when the others fail."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that agents ask for, and what stands behind it."""

    name: str
    targets: tuple[Target, ...]
    price: Price
    fallbacks: tuple[str, ...] = ()
    guess: OutputGuess = field(default_factory=OutputGuess, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One target to try, with the alias that it answers for: its price counts."""

    alias: Alias
    target: Target


def ordered(targets: tuple[Target, ...], random: Random) -> list[Target]:
    """Returns targets at random, each first as often as its weight says; those without weight come last, in their own order.

    Each target draws `u ** (1 / weight)`, the greatest first (Efraimidis and Spirakis): after a failure the rest keep their weights too.
    """
    if len(targets) == 1:
        return list(targets)
    draws = {id(target): random() ** (1 / target.weight) if target.weight else -1.0 for target in targets}
    return sorted(targets, key=lambda target: -draws[id(target)])


def chain(name: str, aliases: Mapping[str, Alias], random: Random) -> Iterator[Step]:
    """Yields what to try for an alias: its own targets, then those of its fallbacks, each alias once."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in aliases:
            continue
        seen.add(name)
        alias = aliases[name]
        for target in ordered(alias.targets, random):
            yield Step(alias, target)
        waiting[:0] = alias.fallbacks

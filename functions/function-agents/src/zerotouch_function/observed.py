"""What exists in the cluster, as the request tells it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from zerotouch_function.manifest import Observation
from zerotouch_function.ownership import owners_of


class Observed(Protocol):
    """Composed objects by key, and the objects that an earlier answer required.

    Reading is lazy: a request carries every composed object whole, most answers look at two of them.
    """

    def get(self, key: str) -> Observation | None:
        """The composed object of that key, or None while it does not exist."""
        ...

    def has(self, key: str) -> bool:
        """Whether the composed object of that key exists."""
        ...

    def keys(self) -> Sequence[str]:
        """Keys of all composed objects, sorted."""
        ...

    def owners(self, key: str, *path: str) -> Sequence[str]:
        """Who owns that field of the composed object of that key (`ownership.py`)."""
        ...

    def required(self, name: str) -> Sequence[Observation] | None:
        """Objects found for a requirement; None while nobody has looked yet."""
        ...


class Composed(Protocol):
    """The Kubernetes objects themselves, whichever way they were composed (`modes.py`)."""

    def get(self, key: str) -> Observation | None:
        """The Kubernetes object of that key, or None while it does not exist."""
        ...

    def sent(self, key: str) -> Observation | None:
        """The same, or as it was last sent where nobody has seen it yet; None only if it was never sent."""
        ...

    def has(self, key: str) -> bool:
        """Whether the Kubernetes object of that key exists."""
        ...

    def keys(self) -> Sequence[str]:
        """Keys of all composed objects, sorted."""
        ...

    def owners(self, key: str, *path: str) -> Sequence[str]:
        """Who owns that field of it (`ownership.py`); nobody in a mode that cannot use the answer."""
        ...

    def required(self, name: str) -> Sequence[Observation] | None:
        """Objects found for a requirement; None while nobody has looked yet."""
        ...

    def problem(self, key: str) -> str:
        """Why the object cannot be written, as far as the mode can tell; empty while it can."""
        ...


class Snapshot:
    """Observed objects held as plain dictionaries: what previews, tests and benchmarks pass in."""

    def __init__(
        self, resources: Mapping[str, Observation] | None = None, required: Mapping[str, Sequence[Observation]] | None = None
    ) -> None:
        self._resources = resources or {}
        self._required = required or {}

    def get(self, key: str) -> Observation | None:
        return self._resources.get(key)

    def has(self, key: str) -> bool:
        return key in self._resources

    def keys(self) -> Sequence[str]:
        return sorted(self._resources)

    def owners(self, key: str, *path: str) -> Sequence[str]:
        return owners_of(self._resources.get(key, {}), *path)

    def required(self, name: str) -> Sequence[Observation] | None:
        return self._required.get(name)


NOTHING = Snapshot()
"""A claim that was created this moment."""

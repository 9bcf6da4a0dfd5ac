"""Who owns a field of an object in the cluster, as server-side apply keeps account of it."""

from collections.abc import Sequence
from typing import Final

from zerotouch_function.manifest import Observation, part, parts, text

CROSSPLANE: Final = "apiextensions.crossplane.io/composed/"
"""How Crossplane calls itself as the owner of what it composes; the composite resource's own hash follows."""


def owners_of(manifest: Observation, *path: str) -> Sequence[str]:
    """The managers that own the field at that path, sorted; none where it only has its default."""
    *way, last = (f"f:{key}" for key in path)
    entries = parts(manifest, "metadata", "managedFields")
    return sorted({text(entry.get("manager")) for entry in entries if last in part(entry, "fieldsV1", *way)})


def is_crossplanes_alone(owners: Sequence[str]) -> bool:
    """Whether the API server would take the field away if Crossplane applied the object without it."""
    return bool(owners) and all(owner.startswith(CROSSPLANE) for owner in owners)

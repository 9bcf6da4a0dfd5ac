"""Requests and limits by size, and what a claim changes of them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from zerotouch_function.errors import SpecError
from zerotouch_function.fields.container import ResourceAmounts, Resources, Size
from zerotouch_function.fields.quantity import amount
from zerotouch_function.manifest import Manifest

SIZES: Final[Mapping[Size, Resources]] = {
    "small": Resources(requests=ResourceAmounts(cpu="250m", memory="512Mi"), limits=ResourceAmounts(cpu="1000m", memory="2Gi")),
    "medium": Resources(requests=ResourceAmounts(cpu="500m", memory="1Gi"), limits=ResourceAmounts(cpu="2000m", memory="4Gi")),
    "large": Resources(requests=ResourceAmounts(cpu="1000m", memory="2Gi"), limits=ResourceAmounts(cpu="4000m", memory="8Gi")),
}
"""The size table of the platform's API, requests to limits."""


SIDECAR_SIZES: Final[Mapping[Size, Resources]] = {
    "small": Resources(requests=ResourceAmounts(cpu="50m", memory="64Mi"), limits=ResourceAmounts(cpu="500m", memory="256Mi")),
    "medium": Resources(requests=ResourceAmounts(cpu="100m", memory="64Mi"), limits=ResourceAmounts(cpu="1000m", memory="256Mi")),
    "large": Resources(requests=ResourceAmounts(cpu="200m", memory="128Mi"), limits=ResourceAmounts(cpu="2000m", memory="512Mi")),
}
"""The same for the sidecar of an agent of that size."""


def container_resources(
    size: Size,
    *,
    overrides: Resources,
    sizes: Mapping[Size, Resources],
    table: Mapping[Size, Resources] = SIZES,
    field: str = "spec.resources",
) -> Manifest:
    """A container's `resources`: the claim's values, else the platform's for that size, else the table's.

    Args:
        size: The claim's size.
        overrides: The claim's own values.
        sizes: The platform's values, where it has some.
        table: What the API promises for each size.
        field: Where the claim has its own values.

    Raises:
        SpecError: A request is above its limit, which Kubernetes refuses.
    """
    layers = (overrides, *([sizes[size]] if size in sizes else []), table[size])
    return _merged(layers, field)


@lru_cache(1024)
def _merged(layers: tuple[Resources, ...], field: str) -> Manifest:
    """The first value of each; most claims have the same ones."""
    merged = {
        kind: {name: str(next(value for layer in layers if (value := getattr(getattr(layer, kind), name)))) for name in ("cpu", "memory")}
        for kind in ("requests", "limits")
    }
    for name in ("cpu", "memory"):
        request, limit = merged["requests"][name], merged["limits"][name]
        if amount(request) > amount(limit):
            raise SpecError(
                f"{field}.requests.{name}",
                f"{request} is more than the limit {limit}",
                f"raise {field}.limits.{name} or lower the request",
            )
    return merged

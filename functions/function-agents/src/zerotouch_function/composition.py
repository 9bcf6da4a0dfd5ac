"""What a `compose` function answers: plain data that knows neither Crossplane's protocol nor the cluster."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from zerotouch_function.manifest import Manifest


class Status(StrEnum):
    """Status of a condition, as Kubernetes writes it."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Struct, frozen=True):
    """One line of what the claim's author sees: on the composite resource and on the claim."""

    type: str
    status: Status
    reason: str
    message: str


class Resource(Struct, frozen=True):
    """One desired object, and whether the observed one serves its purpose yet."""

    manifest: Manifest
    is_ready: bool = False


class Selector(Struct, frozen=True):
    """Objects to be handed in beside the request, found by label in one namespace."""

    api_version: str
    kind: str
    namespace: str
    match_labels: Mapping[str, str]


class Composition(Struct, frozen=True):
    """The whole answer for one composite resource.

    Attributes:
        resources: Desired objects by stable key. A key that is missing here is deleted from the cluster.
        status: Fields of the composite's `status`, copied to the claim.
        conditions: Every condition of the API, every time: one that is not sent becomes Unknown.
        requirements: Objects wanted with the next request, by name.
    """

    resources: Mapping[str, Resource]
    status: Manifest = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    requirements: Mapping[str, Selector] = field(default_factory=dict)

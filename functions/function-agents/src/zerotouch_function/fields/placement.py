"""Where a claim's pods may run."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from zerotouch_function.fields.base import Fields, Key, Labels, LabelValue, OptionalKey, OptionalName, Whole


class Toleration(Fields, frozen=True):
    """A taint that the pods tolerate."""

    key: OptionalKey | None = None
    operator: Literal["Exists", "Equal"] = "Equal"
    value: LabelValue | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: Annotated[Whole, Meta(ge=0, le=31536000)] | None = None


class TopologySpread(Fields, frozen=True):
    """Keeps the pods of one release apart by a label of their nodes."""

    topology_key: Key
    max_skew: Annotated[Whole, Meta(ge=1, le=100)] = 1
    when_unsatisfiable: Literal["ScheduleAnyway", "DoNotSchedule"] = "ScheduleAnyway"


class Affinity(Fields, frozen=True):
    """Kubernetes' own affinity; what is inside is checked when the Deployment is written."""

    node_affinity: dict[str, Any] = {}
    pod_affinity: dict[str, Any] = {}
    pod_anti_affinity: dict[str, Any] = {}


class Placement(Fields, frozen=True):
    """Node choice, in Kubernetes' own terms."""

    node_selector: Labels = {}
    tolerations: Annotated[tuple[Toleration, ...], Meta(max_length=32)] = ()
    affinity: Affinity = Affinity()
    topology_spread: Annotated[tuple[TopologySpread, ...], Meta(max_length=8)] = ()
    priority_class_name: OptionalName = ""


class DefaultPlacement(Fields, frozen=True):
    """The platform's own choice, added to every claim's."""

    node_selector: Labels = {}
    tolerations: Annotated[tuple[Toleration, ...], Meta(max_length=32)] = ()
    priority_class_name: OptionalName = ""

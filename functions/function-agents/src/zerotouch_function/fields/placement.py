"""Where a claim's pods may run."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from zerotouch_function.fields.base import Fields, KeyText, Labels


class Toleration(Fields):
    """A taint that the pods tolerate."""

    key: Annotated[str, StringConstraints(max_length=253)] | None = None
    operator: Literal["Exists", "Equal"] = "Equal"
    value: Annotated[str, StringConstraints(max_length=63)] | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: int | None = None


class TopologySpread(Fields):
    """Keeps the pods of one release apart by a label of their nodes."""

    topology_key: KeyText
    max_skew: Annotated[int, Field(ge=1, le=100)] = 1
    when_unsatisfiable: Literal["ScheduleAnyway", "DoNotSchedule"] = "ScheduleAnyway"


class Placement(Fields):
    """Node choice, in Kubernetes' own terms."""

    node_selector: Labels = {}
    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=32)] = ()
    affinity: dict[str, Any] = {}
    topology_spread: Annotated[tuple[TopologySpread, ...], Field(max_length=8)] = ()
    priority_class_name: Annotated[str, StringConstraints(max_length=253)] = ""


class DefaultPlacement(Fields):
    """The platform's own choice, added to every claim's."""

    node_selector: Labels = {}
    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=32)] = ()
    priority_class_name: Annotated[str, StringConstraints(max_length=253)] = ""

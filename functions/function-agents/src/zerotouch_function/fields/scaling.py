"""How far a claim's pods scale on the messages that wait for them."""

from typing import Annotated

from msgspec import Meta

from zerotouch_function.fields.base import Fields, Whole


class Scaling(Fields, frozen=True):
    """Bounds and pace of the scaler. 0 as the least number of pods is scale to zero."""

    min_replicas: Annotated[Whole, Meta(ge=0, le=1000)] = 1
    max_replicas: Annotated[Whole, Meta(ge=1, le=1000)] = 10
    lag_threshold: Annotated[Whole, Meta(ge=1, le=1_000_000)] = 5
    """Messages waiting or in work per pod, above which one more pod is started."""

    polling_interval_seconds: Annotated[Whole, Meta(ge=1, le=3600)] | None = None
    """Seconds between looks at the stream while no pod runs; KEDA's own default is 30."""

    cooldown_seconds: Annotated[Whole, Meta(ge=0, le=3600)] = 300
    """Quiet seconds before pods are removed."""

    fallback_replicas: Annotated[Whole, Meta(ge=1, le=1000)] | None = None
    """Pods to run while the stream cannot be read; None leaves the number as it is."""

"""What every object of sidecar.json has in common."""

from typing import Annotated

from msgspec import Meta, Struct


class Document(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """An object of sidecar.json: camelCase there, and an unknown field is an error."""


Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(ge=0, le=86400)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Path = Annotated[str, Meta(max_length=4096)]

"""What a composite resource asks for: the part of it that an answer may depend on, closed and opened."""

from typing import Final

from crossplane.function.proto.v1 import run_function_pb2 as v1

from zerotouch_function.manifest import Manifest
from zerotouch_function.protocol.structs import (
    ABSENT,
    DAMAGE,
    LIST,
    Fields,
    canonical_value,
    damaged,
    object_in,
    opened,
    plain,
    plain_fields,
)
from zerotouch_function.protocol.view import object_fields

COMPOSITE: Final = "observed.composite.resource"

READ_METADATA: Final = ("name", "namespace", "labels", "creationTimestamp")
"""The metadata of a composite resource that an answer may depend on; versions and times change without a meaning."""

REFERENCES: Final = "resourceRefs"
"""Field of a composite's spec that names its objects. Who reads it asks whether there are any."""

UNREAD_SPEC: Final = frozenset(
    {
        REFERENCES,
        "compositionRef",
        "compositionRevisionRef",
        "compositionRevisionSelector",
        "compositionSelector",
        "compositionUpdatePolicy",
    }
)
"""What Crossplane keeps in a composite's spec for itself."""

UNREAD_STATUS: Final = frozenset({"conditions", "claimConditionTypes"})
"""What Crossplane keeps in a composite's status for itself."""

NO_FIELDS: Final[Fields] = {}


class Asked:
    """A composite resource. What changes without a meaning stays closed.

    Args:
        resource: The composite, as it stands in the request.

    Raises:
        RequestError: There is none, or it is damaged.
    """

    __slots__ = ("_fields", "_metadata", "_status")

    def __init__(self, resource: v1.Resource) -> None:
        try:
            self._fields = object_fields(resource, COMPOSITE)
            self._metadata = object_in(self._fields, "metadata") or NO_FIELDS
            status = object_in(self._fields, "status") or NO_FIELDS
        except DAMAGE as error:
            raise damaged(COMPOSITE) from error
        self._status = {key: status[key] for key in sorted(status) if key not in UNREAD_STATUS}

    def closed(self) -> tuple[bytes, ...]:
        """Bytes that are equal exactly when what is asked for is; raises as the constructor does."""
        fields, metadata = self._fields, self._metadata
        return (
            fields.get("apiVersion", ABSENT),
            fields.get("kind", ABSENT),
            canonical_value(fields.get("spec", ABSENT), COMPOSITE),
            *[canonical_value(metadata.get(key, ABSENT), COMPOSITE) for key in READ_METADATA],
            *[key.encode() + b"=" + canonical_value(value, COMPOSITE) for key, value in self._status.items()],
        )

    def opened(self) -> Manifest:
        """The composite as a dictionary; raises as the constructor does."""
        fields, metadata = self._fields, self._metadata
        try:
            return {
                **{key: plain(fields[key]) for key in fields if key not in ("metadata", "spec", "status")},
                "spec": self._spec(),
                "metadata": {key: plain(metadata[key]) for key in READ_METADATA if key in metadata},
                "status": {key: plain(value) for key, value in self._status.items()},
            }
        except DAMAGE as error:
            raise damaged(COMPOSITE) from error

    def _spec(self) -> Manifest:
        """With one empty reference in place of those to the composite's objects."""
        fields = object_in(self._fields, "spec") or NO_FIELDS
        spec = plain_fields({key: fields[key] for key in fields if key not in UNREAD_SPEC})
        kind, references = opened(fields.get(REFERENCES, ABSENT))
        return {**spec, REFERENCES: [{}]} if kind == LIST and references else spec

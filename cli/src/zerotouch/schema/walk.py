"""Every value of an object together with the schema that describes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from zerotouch.schema.problem import Location, Schema, path_of


@dataclass(frozen=True, slots=True)
class Node:
    """A value, its schema, and where it stands in the object."""

    schema: Schema
    value: object
    location: Location

    @property
    def path(self) -> str:
        """The location as people write it."""
        return path_of(self.location)


def walk(schema: Schema, value: object, location: Location = ()) -> Iterator[Node]:
    """The value and all that it holds and the schema knows, from the top down, in the order in which they are written."""
    yield Node(schema, value, location)
    if isinstance(value, dict):
        for key, child in value.items():
            child_schema = schema_of(schema, key)
            if child_schema is not None:
                yield from walk(child_schema, child, (*location, key))
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from walk(schema["items"], item, (*location, index))


def schema_of(schema: Schema, key: str) -> Schema | None:
    """The schema of one field or map entry; None if the schema does not describe it."""
    properties: dict[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties")
    return properties.get(key, others if isinstance(others, dict) else None)

"""Fields that the schema does not have: the API server drops them in silence, which nobody means."""

from collections.abc import Iterator

from zerotouch.schema.problem import Problem, Schema, did_you_mean, path_of
from zerotouch.schema.types import types_of
from zerotouch.schema.walk import Node, schema_of


def unknown_fields(node: Node) -> Iterator[Problem]:
    """One problem for each field of the value that its schema does not describe."""
    if not isinstance(node.value, dict) or _takes_anything(node.schema):
        return
    for key in node.value:
        if schema_of(node.schema, key) is None:
            remedy = did_you_mean(key, node.schema.get("properties", {}), otherwise="remove it")
            yield Problem(path_of((*node.location, key)), "there is no such field", remedy)


def _takes_anything(schema: Schema) -> bool:
    """True where no field is unknown: the schema is open, or is not for objects, so that the value is refused as a whole."""
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("additionalProperties") is True
    return bool(is_open) or "object" not in types_of(schema)

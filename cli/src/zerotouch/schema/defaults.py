"""Defaults as the API server fills them in before it checks anything."""

from typing import Any

from zerotouch.schema.problem import Schema
from zerotouch.schema.walk import schema_of
from zerotouch_function.manifest import Manifest


def with_defaults(schema: Schema, manifest: Manifest) -> Manifest:
    """A copy of the object with its defaults filled in; a field inside an absent object gets none.

    A null where the schema allows none says nothing: the default takes its place, or the field goes.
    """
    filled = _filled(schema, manifest)
    assert isinstance(filled, dict)
    return filled


def _filled(schema: Schema, value: Any) -> Any:
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_filled(items, _without_null(items, item)) for item in value]
    if not isinstance(value, dict):
        return value
    absent = {name: None for name, child in schema.get("properties", {}).items() if "default" in child and name not in value}
    filled = {}
    for key, child in (value | absent).items():
        child_schema = schema_of(schema, key) or {"nullable": True}
        child = _without_null(child_schema, child) if key in value else child_schema["default"]
        if child is not None or child_schema.get("nullable"):
            filled[key] = _filled(child_schema, child)
    return filled


def _without_null(schema: Schema, value: Any) -> Any:
    """The default in place of a null that the schema does not allow."""
    return schema.get("default") if value is None and not schema.get("nullable") else value

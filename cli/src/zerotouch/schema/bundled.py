"""Schemas of our own writing, beside this file in `data/`."""

from functools import cache
from importlib.resources import files

import yaml

from zerotouch.loader import Loader
from zerotouch.schema.problem import Schema


@cache
def bundled(name: str) -> Schema:
    """The content of one file of `data/`; callers must not change it."""
    text = (files("zerotouch.schema") / "data" / f"{name}.yaml").read_text()
    schema: Schema = yaml.load(text, Loader=Loader)  # noqa: S506  # Loader is a safe loader
    return schema


def object_schema(api_version: str, kind: str, fields: Schema) -> Schema:
    """The schema of a whole object: what every object has, and the fields of its kind."""
    return {
        **fields,
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", *fields.get("required", [])],
        "properties": {
            "apiVersion": {"type": "string", "enum": [api_version]},
            "kind": {"type": "string", "enum": [kind]},
            "metadata": bundled("metadata"),
            **fields.get("properties", {}),
        },
    }

"""Schemas of Kubernetes' own kinds, from the package kubernetes-validate.

Only its data is used, the JSON schemas: importing the package, and checking with jsonschema, takes longer than all the rest.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from zerotouch.schema.problem import Schema

KUBERNETES_VERSION: Final = "1.36.0"
"""The version whose schemas composed objects have to fit, as kubernetes-validate names it."""

Definitions = dict[str, Schema]


@cache
def kubernetes_schema(api_version: str, kind: str) -> Schema | None:
    """The schema of a built-in kind, strict: unknown fields are refused. None if Kubernetes has no such kind."""
    group = api_version.rpartition("/")[0].partition(".")[0]
    version = api_version.rpartition("/")[2]
    file = _folder() / f"{'-'.join(part for part in (kind.lower(), group, version) if part)}.json"
    if not file.is_file():
        return None
    schema = _converted(json.loads(file.read_text()), {})
    names = {"apiVersion": {"type": "string", "enum": [api_version]}, "kind": {"type": "string", "enum": [kind]}}
    required = ["apiVersion", "kind", "metadata", *schema.get("required", [])]
    return {**schema, "required": required, "properties": {**schema["properties"], **names}}


def _converted(node: Schema, done: Definitions) -> Schema:
    """One node of a JSON schema as a structural schema: references followed, nulls and unknown fields said the other way round.

    Args:
        node: The node.
        done: Converted definitions by name. A definition that refers to itself is found here before it is complete.
    """
    if "$ref" in node:
        return _definition(node["$ref"].rpartition("/")[2], done)
    types = _types(node)
    schema = {key: value for key, value in node.items() if key not in ("type", "oneOf", "properties", "additionalProperties", "items")}
    if types:
        schema["type"] = [name for name in types if name != "null"]
        schema["nullable"] = "null" in types
    if "properties" in node:
        schema["properties"] = {name: _converted(child, done) for name, child in node["properties"].items()}
    elif "additionalProperties" not in node:
        schema["x-kubernetes-preserve-unknown-fields"] = True
    if isinstance(node.get("additionalProperties"), dict):
        schema["additionalProperties"] = _converted(node["additionalProperties"], done)
    if "items" in node:
        schema["items"] = _converted(node["items"], done)
    return schema


def _definition(name: str, done: Definitions) -> Schema:
    if name not in done:
        done[name] = {}
        done[name].update(_converted(_definitions()[name], done))
    return done[name]


def _types(node: Schema) -> list[str]:
    """The types of a node; Kubernetes writes alternatives only where a number may also be text."""
    declared: Any = [option["type"] for option in node["oneOf"]] if "oneOf" in node else node.get("type", [])
    names = [declared] if isinstance(declared, str) else declared
    return [name for part in names for name in ([part] if isinstance(part, str) else part)]


@cache
def _definitions() -> Definitions:
    definitions: Definitions = json.loads((_folder() / "_definitions.json").read_text())["$defs"]
    return definitions


@cache
def _folder() -> Path:
    spec = find_spec("kubernetes_validate")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema" / f"v{KUBERNETES_VERSION}-local-strict"

"""The types of OpenAPI, in Python's."""

from typing import Final

from zerotouch.schema.problem import Schema

TYPES: Final[dict[str, tuple[type, ...]]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}
"""What a value of each OpenAPI type is after YAML was read."""

INT64: Final = 2**63
"""One more than the largest integer of an API object."""

EXACT_FLOAT: Final = 2**53
"""Integers below it are exact as floating-point numbers."""

NAMES: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}
"""What a message calls each OpenAPI type."""

WORDS: Final = {bool: "", int: "the number", float: "the number", str: "the string", list: "a list", dict: "an object", type(None): ""}
"""What a message calls a value of each Python type, before it shows the value."""


def types_of(schema: Schema) -> tuple[str, ...]:
    """The types that the schema allows; none means any."""
    if schema.get("x-kubernetes-int-or-string"):
        return ("integer", "string")
    declared = schema.get("type", ())
    return (declared,) if isinstance(declared, str) else tuple(declared)


def is_of_type(value: object, type_name: str) -> bool:
    """Whether the API server takes the value for that type: True is no integer, 3.0 is one, and 10**20 is only a number."""
    if isinstance(value, bool):
        return type_name == "boolean"
    if isinstance(value, float) and type_name == "integer":
        return value.is_integer() and abs(value) < EXACT_FLOAT
    if isinstance(value, int) and type_name == "integer":
        return -INT64 <= value < INT64
    return isinstance(value, TYPES[type_name])


def names_of(types: tuple[str, ...]) -> str:
    """What a message calls those OpenAPI types."""
    return " or ".join(NAMES[name] for name in types)


def word_for(value: object) -> str:
    """What a message calls the value, before it shows it."""
    return WORDS.get(type(value), f"the {type(value).__name__}")

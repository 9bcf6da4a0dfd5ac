"""The parts of a structural schema, one by one."""

from dataclasses import dataclass
from typing import Any, Final

import pytest

from zerotouch.schema import Schema, validate, with_defaults


@dataclass(frozen=True, slots=True)
class Case:
    """One value under one schema."""

    reason: str
    schema: Schema
    value: Any
    want: Any
    """Paths of the problems in their order; for a default, the filled field in a list, or an empty one."""


def whole(schema: Schema) -> Schema:
    return {"type": "object", "properties": {"field": schema}}


TEXT: Final[Schema] = {"type": "string"}
NAMED: Final[Schema] = {"type": "object", "required": ["name"], "properties": {"name": TEXT, "port": {"type": "integer", "default": 80}}}
LIST_MAP: Final[Schema] = {"type": "array", "items": NAMED, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "port"]}

CASES: Final = [
    Case("true is no integer", {"type": "integer"}, True, ["field"]),
    Case("3.0 is an integer", {"type": "integer"}, 3.0, []),
    Case("3.5 is none", {"type": "integer"}, 3.5, ["field"]),
    Case("more than 64 bits is none", {"type": "integer"}, 10**20, ["field"]),
    Case("a float too large to be exact is none", {"type": "integer"}, 1e300, ["field"]),
    Case("an integer is a number", {"type": "number"}, 3, []),
    Case("int-or-string takes an integer", {"x-kubernetes-int-or-string": True}, 3, []),
    Case("int-or-string takes a string", {"x-kubernetes-int-or-string": True}, "3", []),
    Case("int-or-string takes no fraction", {"x-kubernetes-int-or-string": True}, 0.5, ["field"]),
    Case("null where it is allowed", {"type": "string", "nullable": True}, None, []),
    Case("null where it is not says nothing", TEXT, None, []),
    Case("null in a list", {"type": "array", "items": TEXT}, ["a", None], ["field[1]"]),
    Case("1 is not true", {"enum": [True]}, 1, ["field"]),
    Case("exclusive bound", {"type": "number", "minimum": 0, "exclusiveMinimum": True}, 0, ["field"]),
    Case("multiple", {"type": "integer", "multipleOf": 4}, 6, ["field"]),
    Case("length counts characters, not bytes", {"type": "string", "maxLength": 3}, "öäü", []),
    Case("pattern is found anywhere", {"type": "string", "pattern": "b"}, "abc", []),
    Case("pattern ends at the text's end, not before a line break", {"type": "string", "pattern": "^a$"}, "a\n", ["field"]),
    Case("pattern knows ASCII digits only", {"type": "string", "pattern": r"^\d$"}, "٣", ["field"]),
    Case("NUL", TEXT, "a\0b", ["field"]),
    Case("bounds of a number do not bind a string", {"x-kubernetes-int-or-string": True, "maximum": 1}, "9", []),
    Case("list is too long", {"type": "array", "maxItems": 1, "items": TEXT}, ["a", "b"], ["field"]),
    Case("set", {"type": "array", "items": {"type": "integer"}, "x-kubernetes-list-type": "set"}, [1, 2, 1, 1], ["field[2]", "field[3]"]),
    Case("two keys, one of them a default", LIST_MAP, [{"name": "a"}, {"name": "a", "port": 81}, {"name": "a", "port": 80}], ["field[2]"]),
    Case("item of the wrong type in a list map", LIST_MAP, [[], {"name": "a"}], ["field[0]"]),
    Case("key with a slash", {"type": "object", "additionalProperties": TEXT}, {"a.b/c": 1, "d": 2}, ["field[a.b/c]", "field.d"]),
    Case("free object", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}, {"a": {"b": 1}}, []),
    Case("closed object", NAMED, {"name": "a", "nam": 1}, ["field.nam"]),
    Case("missing comes before what is inside", NAMED, {"port": "x"}, ["field.name", "field.port"]),
    Case("all of them", {"type": "string", "allOf": [{"minLength": 2}, {"maxLength": 1}]}, "ab", ["field"]),
    Case("any of them", {"type": "string", "anyOf": [{"enum": ["a"]}, {"enum": ["b"]}]}, "b", []),
    Case("exactly one of them", {"type": "string", "oneOf": [{"minLength": 1}, {"minLength": 2}]}, "ab", ["field"]),
    Case("not this", {"type": "string", "not": {"enum": ["a"]}}, "a", ["field"]),
    Case("date and time", {"type": "string", "format": "date-time"}, "2026-01-02T03:04:05Z", []),
    Case("date alone", {"type": "string", "format": "date-time"}, "2026-01-02", ["field"]),
    Case("32 bits", {"type": "integer", "format": "int32"}, 2**31, ["field"]),
    Case("base64", {"type": "string", "format": "byte"}, "a b", ["field"]),
    Case("network", {"type": "string", "format": "cidr"}, "10.0.0.0", ["field"]),
    Case("a format that the API server ignores", {"type": "string", "format": "quantity"}, "x", []),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reason)
def test_the_schema_accepts_and_refuses_what_the_api_server_does(case: Case) -> None:
    assert [problem.path for problem in validate(whole(case.schema), {"field": case.value})] == case.want


NESTED: Final[Schema] = {"type": "object", "properties": {"inner": {"type": "integer", "default": 1}, "other": {"type": "string"}}}

DEFAULTS: Final = [
    Case("an absent object gets nothing", NESTED, None, []),
    Case("an object that is itself a default gets its own", {**NESTED, "default": {}}, None, [{"inner": 1}]),
    Case("an empty object gets its own", NESTED, {}, [{"inner": 1}]),
    Case("null takes the default", NESTED, {"inner": None}, [{"inner": 1}]),
    Case("null without a default goes", NESTED, {"other": None}, [{"inner": 1}]),
    Case("items of a list", {"type": "array", "items": NESTED}, [{}, {"inner": 2}], [[{"inner": 1}, {"inner": 2}]]),
    Case("entries of a map", {"type": "object", "additionalProperties": NESTED}, {"a": {}}, [{"a": {"inner": 1}}]),
    Case("an unknown field stays", NESTED, {"x": {"y": None}}, [{"x": {"y": None}, "inner": 1}]),
    Case("null that is allowed stays", {"type": "string", "nullable": True, "default": "a"}, None, [None]),
]


@pytest.mark.parametrize("case", DEFAULTS, ids=lambda case: case.reason)
def test_defaults_are_the_api_servers(case: Case) -> None:
    filled = with_defaults(whole(case.schema), {"field": case.value})
    assert filled == ({"field": case.want[0]} if case.want else {})

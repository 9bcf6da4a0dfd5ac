"""What a schema asks of one value: its type, its bounds, its form, and that nothing required is missing."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from zerotouch.schema.formats import is_of_format
from zerotouch.schema.lists import repeated_items
from zerotouch.schema.problem import Location, Problem, Schema, did_you_mean, path_of
from zerotouch.schema.types import is_of_type, names_of, types_of, word_for
from zerotouch.schema.walk import Node, walk


def structural_problems(node: Node) -> Iterator[Problem]:
    """Everything wrong with the value itself; what it holds is looked at on its own."""
    if node.value is None and node.schema.get("nullable"):
        return
    wrong_type = _type_problem(node)
    if wrong_type:
        yield wrong_type
        return
    checks: list[Callable[[Node], Iterator[Problem]]] = [_constant, *CHECKS.get(type(node.value), []), _alternatives]
    for check in checks:
        yield from check(node)


def _type_problem(node: Node) -> Problem | None:
    types = types_of(node.schema)
    if not types or any(is_of_type(node.value, name) for name in types):
        return None
    found = f"{word_for(node.value)} {_shown(node.value)}".strip()
    return Problem(node.path, f"must be {names_of(types)}, not {found}", _about_quotes(types, node.value))


def _about_quotes(types: tuple[str, ...], value: object) -> str:
    """A remedy for the commonest slip in YAML: quotes that are missing, or that should not be there."""
    if "string" in types and isinstance(value, bool | int | float):
        return "quote it"
    is_number = isinstance(value, str) and value.removeprefix("-").isdigit() and "integer" in types
    is_truth = value in ("true", "false") and "boolean" in types
    return "remove the quotes" if is_number or is_truth else ""


def _constant(node: Node) -> Iterator[Problem]:
    allowed = node.schema.get("enum")
    if allowed is None or any(type(choice) is type(node.value) and choice == node.value for choice in allowed):
        return
    expected = _shown(allowed[0]) if len(allowed) == 1 else f"one of {', '.join(map(_shown, allowed))}"
    yield Problem(node.path, f"must be {expected}, not {_shown(node.value)}", did_you_mean(node.value, allowed))


def _number(node: Node) -> Iterator[Problem]:
    value: Any = node.value
    schema = node.schema
    low, high, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    if low is not None and (value < low or (value == low and schema.get("exclusiveMinimum"))):
        yield Problem(node.path, f"must be {'more than' if schema.get('exclusiveMinimum') else 'at least'} {low}, not {value}")
    if high is not None and (value > high or (value == high and schema.get("exclusiveMaximum"))):
        yield Problem(node.path, f"must be {'less than' if schema.get('exclusiveMaximum') else 'at most'} {high}, not {value}")
    if step is not None and value % step:
        yield Problem(node.path, f"must be a multiple of {step}, not {value}")
    yield from _format(node)


def _text(node: Node) -> Iterator[Problem]:
    from zerotouch.schema.expression import matches

    text = str(node.value)
    wrong_size = list(_size(node, "Length", "character"))
    yield from wrong_size
    if "\0" in text:
        yield Problem(node.path, "must not hold a NUL character")
    elif "pattern" in node.schema and not wrong_size and not matches(node.schema["pattern"], text):
        yield Problem(node.path, f"{_shown(text)} does not have the form {node.schema['pattern']}", _example(node.schema))
    yield from _format(node)


def _format(node: Node) -> Iterator[Problem]:
    name = node.schema.get("format", "")
    if not is_of_format(node.value, name):
        yield Problem(node.path, f"{_shown(node.value)} is not of format {name}", _example(node.schema))


def _list(node: Node) -> Iterator[Problem]:
    yield from _size(node, "Items", "item")
    yield from repeated_items(node)


def _object(node: Node) -> Iterator[Problem]:
    value: Any = node.value
    yield from _size(node, "Properties", "entry")
    for name in node.schema.get("required", []):
        if name not in value:
            example = _example(node.schema.get("properties", {}).get(name, {}))
            yield Problem(path_of((*node.location, name)), "is missing", example.replace("write", "add it,") or "add it")


def _size(node: Node, suffix: str, unit: str) -> Iterator[Problem]:
    value: Any = node.value
    size, low, high = len(value), node.schema.get(f"min{suffix}"), node.schema.get(f"max{suffix}")
    if low is not None and size < low:
        yield Problem(node.path, f"must have at least {_counted(low, unit)}, not {size}")
    if high is not None and size > high:
        yield Problem(node.path, f"must have at most {_counted(high, unit)}, not {size}")


def _alternatives(node: Node) -> Iterator[Problem]:
    """Schemas that the value has to satisfy besides: all of them, any, exactly one, or not."""
    for schema in node.schema.get("allOf", []):
        yield from _problems_of(schema, node.value, node.location)
    for word, is_right in ALTERNATIVES.items():
        if word not in node.schema:
            continue
        fitting = [schema for schema in node.schema[word] if not any(_problems_of(schema, node.value, node.location))]
        if not is_right(len(fitting)):
            yield Problem(node.path, f"fits {len(fitting)} of the {len(node.schema[word])} schemas under {word}")
    if "not" in node.schema and not any(_problems_of(node.schema["not"], node.value, node.location)):
        yield Problem(node.path, f"must not be {_shown(node.value)}")


def _problems_of(schema: Schema, value: object, location: Location) -> Iterator[Problem]:
    for node in walk(schema, value, location):
        yield from structural_problems(node)


def _example(schema: Schema) -> str:
    """A remedy that shows the schema's own example, where it has one."""
    return f"write for example {_shown(schema['example'])}" if "example" in schema else ""


def _shown(value: object) -> str:
    """The value as JSON, cut to what fits into a sentence; nothing for a list or an object."""
    if isinstance(value, dict | list):
        return ""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:76]}..."


def _counted(number: int, unit: str) -> str:
    plural = "entries" if unit == "entry" else f"{unit}s"
    return f"{number} {unit if number == 1 else plural}"


CHECKS: Final[dict[type, list[Callable[[Node], Iterator[Problem]]]]] = {
    str: [_text],
    int: [_number],
    float: [_number],
    list: [_list],
    dict: [_object],
}
"""What is looked at in a value of each Python type, once its type is right."""

ALTERNATIVES: Final[dict[str, Callable[[int], bool]]] = {"anyOf": lambda count: count > 0, "oneOf": lambda count: count == 1}
"""How many of the schemas under each word have to fit."""

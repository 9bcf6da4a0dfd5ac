"""What exactly is wrong with a part of a spec that its model refuses: where, what, and what to do about it.

msgspec says that something does not fit. For a person it takes more: which entry of a map, which choices there are. The way there is
to convert the parts one by one, down to the smallest that does not fit.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from msgspec import Meta, Struct, ValidationError, convert
from msgspec.structs import FieldInfo
from msgspec.structs import fields as fields_of


class Problem(NamedTuple):
    """A field's path, what is wrong with it, and what to do."""

    field: str
    problem: str
    remedy: str


NOUNS: Final[Mapping[Any, str]] = {str: "text", int: "a whole number", bool: "true or false", dict: "an object", tuple: "a list"}
"""What to write where a value has the wrong type."""

KINDS: Final[Mapping[Any, str]] = {**NOUNS, bool: "a truth value", list: "a list", float: "a number", NoneType: "null"}
"""What a value of YAML is called."""

SIZED: Final = (str, list, dict)


def first_problem(kind: Any, value: Any, path: str) -> Problem:
    """The smallest part of a value that does not fit its type, the first one of several.

    Args:
        kind: The type.
        value: What does not fit.
        path: Where the value stands.
    """
    kind, bounds = bare(kind, value)
    for inner_kind, inner, inner_path in inside(kind, value, path):
        try:
            convert(inner, inner_kind)
        except ValidationError:
            return first_problem(inner_kind, inner, inner_path)
    if isinstance(value, dict) and is_struct(kind):
        return wrong_fields(kind, value, path)
    if get_origin(kind) is Literal and isinstance(value, str):
        return Problem(path, f'is "{value}"', f"write {one_of(get_args(kind))}")
    if type(value) is not plain(kind) and not (isinstance(value, list) and plain(kind) is tuple):
        return Problem(path, f"is {KINDS.get(type(value), 'something else')}", f"write {wanted(plain(kind), bounds)}")
    return broken_bound(value, bounds, path)


def bare(kind: Any, value: Any) -> tuple[Any, Meta]:
    """The type without what surrounds it, and its bounds; of several types, the one that the value could be meant for."""
    if get_origin(kind) in (Union, UnionType):
        choices = [choice for choice in get_args(kind) if choice is not NoneType]
        kind = next((choice for choice in choices if plain(bare(choice, value)[0]) is type(value)), choices[0])
        return bare(kind, value)
    if get_origin(kind) is Annotated:
        inner, *notes = get_args(kind)
        return bare(inner, value)[0], next((note for note in notes if isinstance(note, Meta)), Meta())
    return kind, Meta()


def plain(kind: Any) -> Any:
    """The Python type of a bare type's values."""
    if get_origin(kind) is Literal:
        return str
    return dict if is_struct(kind) else get_origin(kind) or kind


def is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def inside(kind: Any, value: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """Type, value and path of every part of a value that has parts."""
    if isinstance(value, dict) and is_struct(kind):
        yield from (
            (field.type, value[field.encode_name], f"{path}.{field.encode_name}") for field in known(kind) if field.encode_name in value
        )
    elif isinstance(value, dict) and get_origin(kind) is dict:
        key_kind, item_kind = get_args(kind)
        for key, item in value.items():
            yield from ((key_kind, key, f"{path}.{key}"), (item_kind, item, f"{path}.{key}"))
    elif isinstance(value, list) and get_origin(kind) is tuple:
        yield from ((get_args(kind)[0], item, f"{path}[{index}]") for index, item in enumerate(value))


def known(kind: Any) -> tuple[FieldInfo, ...]:
    return fields_of(kind)


def wrong_fields(kind: Any, value: Mapping[str, Any], path: str) -> Problem:
    """An object whose fields each fit: one is missing, or one too many."""
    missing = next((field.encode_name for field in known(kind) if field.required and field.encode_name not in value), None)
    if missing:
        return Problem(f"{path}.{missing}", "is missing", "set it")
    names = [field.encode_name for field in known(kind)]
    extra = next(name for name in value if name not in names)
    return Problem(f"{path}.{extra}", "is unknown", f"remove it, or write {one_of(names)}")


def broken_bound(value: Any, bounds: Meta, path: str) -> Problem:
    """A value of the right type that is too long, too short, too large, too small, or of another form."""
    length, unit = (len(value), "characters" if isinstance(value, str) else "entries") if isinstance(value, SIZED) else (0, "")
    if bounds.max_length is not None and length > bounds.max_length:
        return Problem(path, f"has {length} {unit}", f"write at most {bounds.max_length}")
    if bounds.min_length is not None and length < bounds.min_length and not isinstance(value, str):
        return Problem(path, f"has {length} {unit}", f"write at least {bounds.min_length}")
    return Problem(path, f'is "{value}"' if isinstance(value, str) else f"is {value}", f"write {wanted(type(value), bounds)}")


def wanted(kind: Any, bounds: Meta) -> str:
    """What to write, in words."""
    least, most = bounds.ge, bounds.le
    between = f" from {least} to {most}" if most is not None else f" from {least} on" if least is not None else ""
    return (bounds.description or NOUNS.get(kind, "something else")) + between


def one_of(choices: Sequence[str]) -> str:
    *others, last = [f'"{choice}"' for choice in choices]
    return f"{', '.join(others)} or {last}" if others else last

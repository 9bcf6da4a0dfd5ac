"""YAML as kubectl reads it."""

import re
from typing import Any, Final

import yaml

BASE: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's loader where this Python has it: ten times faster, same result."""

MERGE: Final = "tag:yaml.org,2002:merge"
"""The tag of the key `<<`."""


class FaultError(yaml.YAMLError):
    """What YAML allows and a Kubernetes object cannot be; the message names the line."""


class Loader(BASE):  # type: ignore[misc, valid-type]  # the C loader where there is one
    """Reads scalars as kubectl does: `2024-01-01` and `10:30` are text, not a date and 630."""

    def construct_document(self, node: yaml.Node) -> Any:
        _check(node, set(), set())
        return super().construct_document(node)


PLAIN_NUMBERS: Final = {
    "tag:yaml.org,2002:int": re.compile(r"[-+]?(0|[1-9][0-9_]*|0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+)$"),
    "tag:yaml.org,2002:float": re.compile(
        r"[-+]?0[0-9_]*[89][0-9_]*$|[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?$|[-+]?[0-9]+[eE][-+]?[0-9]+$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"
    ),
}
"""YAML 1.1 without its numbers of base 60."""

Loader.yaml_implicit_resolvers = {
    first: [(tag, PLAIN_NUMBERS.get(tag, pattern)) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in BASE.yaml_implicit_resolvers.items()
}


def _check(node: yaml.Node, above: set[int], done: set[int]) -> None:
    """Raises FaultError if a value holds itself, or an object has two fields of one name.

    Args:
        node: The value.
        above: The values that hold it.
        done: Values that are in order; an alias leads to the same one again.
    """
    if isinstance(node, yaml.ScalarNode) or id(node) in done:
        return
    if id(node) in above:
        raise FaultError(f"line {node.start_mark.line + 1}: what is written here holds itself; write it out instead of the alias")
    if isinstance(node, yaml.MappingNode):
        _check_keys(node)
    for child in _children(node):
        _check(child, above | {id(node)}, done)
    done.add(id(node))


def _check_keys(node: yaml.MappingNode) -> None:
    """YAML's loader would keep the last of two. A key that `<<` brings along is none of the object's own, which comes before it."""
    names = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
            if key.value in names:
                raise FaultError(f'line {key.start_mark.line + 1}: "{key.value}" is written twice; merge the two')
            names.add(key.value)


def _children(node: yaml.Node) -> list[yaml.Node]:
    return [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value

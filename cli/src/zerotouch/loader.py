"""YAML as kubectl reads it."""

import json
import re
from typing import Any, Final

import yaml

BASE: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's loader where this Python has it: ten times faster, same result."""

MERGE: Final = "tag:yaml.org,2002:merge"
"""The tag of the key `<<`."""

NAMES: Final = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool")}
"""The tags of keys that kubectl takes for a field's name."""


class FaultError(yaml.YAMLError):
    """What YAML allows and a Kubernetes object cannot be; the message names the line."""


class Loader(BASE):  # type: ignore[misc, valid-type]  # the C loader where there is one
    """Reads scalars as kubectl does: `2024-01-01` and `10:30` are text, not a date and 630."""

    bool_values: Final = {**BASE.bool_values, "y": True, "n": False}

    def construct_document(self, node: yaml.Node) -> Any:
        _check(node, set(), set())
        return super().construct_document(node)

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[str, Any]:
        return {_name(key): value for key, value in super().construct_mapping(node, deep).items()}


PLAIN: Final = {
    "tag:yaml.org,2002:bool": re.compile(r"(y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$"),
    "tag:yaml.org,2002:int": re.compile(r"[-+]?(0|[1-9][0-9_]*|0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+)$"),
    "tag:yaml.org,2002:float": re.compile(
        r"[-+]?0[0-9_]*[89][0-9_]*$|[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?$|[-+]?[0-9]+[eE][-+]?[0-9]+$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"
    ),
}
"""What is no text without quotes: `y` and `n` are truths too, and numbers of base 60 are none
(https://github.com/yaml/go-yaml/blob/v2.4.3/resolve.go)."""

TEXT: Final = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"}
"""What YAML 1.1 takes for something else, a date or `=`, and kubectl for text."""

Loader.yaml_implicit_resolvers = {
    first: [(tag, PLAIN.get(tag, pattern)) for tag, pattern in resolvers if tag not in TEXT]
    for first, resolvers in BASE.yaml_implicit_resolvers.items()
}


def _name(key: str | float) -> str:
    """A field's name as kubectl makes it of any key: `8080` is "8080", `2.0` is "2", and `yes` is "true"."""
    if isinstance(key, str):
        return key
    return f"{key:g}" if isinstance(key, float) else json.dumps(key)


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
        if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE:
            continue
        if key.tag not in NAMES:
            raise FaultError(f'line {key.start_mark.line + 1}: "{key.value}" is not the name of a field; quote it')
        if key.value in names:
            raise FaultError(f'line {key.start_mark.line + 1}: "{key.value}" is written twice; merge the two')
        names.add(key.value)


def _children(node: yaml.Node) -> list[yaml.Node]:
    return [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value

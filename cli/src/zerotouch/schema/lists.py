"""Lists whose items have to differ: sets, and maps in the form of a list."""

import json
from collections.abc import Iterator
from typing import Any

from zerotouch.schema.problem import Problem, path_of
from zerotouch.schema.walk import Node


def repeated_items(node: Node) -> Iterator[Problem]:
    """One problem for each item that repeats an earlier one, by its keys or, in a set, as a whole."""
    list_type = node.schema.get("x-kubernetes-list-type")
    if list_type not in ("set", "map"):
        return
    keys: list[str] = node.schema.get("x-kubernetes-list-map-keys", [])
    items: Any = node.value
    first_places: dict[str, int] = {}
    for place, item in enumerate(items):
        if list_type == "map" and not isinstance(item, dict):
            continue
        identity = " and ".join(f"{key} {_text(item.get(key))}" for key in keys) if keys else _text(item)
        first = first_places.setdefault(identity, place)
        if first != place:
            original = path_of((*node.location, first))
            yield Problem(path_of((*node.location, place)), f"repeats {identity} of {original}", "change or remove one of the two")


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)

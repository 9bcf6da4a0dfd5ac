"""One thing that is wrong with an object: where, what, and what to do."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from zerotouch_function.manifest import Manifest

Schema: TypeAlias = Manifest
"""A structural schema, as under `openAPIV3Schema` in a CustomResourceDefinition, or one node of it."""

Location: TypeAlias = tuple[str | int, ...]
"""Field names, map keys and list indexes that lead from the object to one of its values."""

PLAIN_KEY: Final = re.compile(r"[A-Za-z_$][-A-Za-z0-9_$]*")
"""Keys that can stand in a path as they are; others are bracketed."""

INDEX: Final = re.compile(r"\[[^]]*\]")
"""A list index or map key in a path."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        path: The field, such as `spec.env[0].name`; empty for the object as a whole.
        message: What is wrong, as the end of the sentence that the path begins.
        remedy: What to do about it; empty when the message says it already.
    """

    path: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """The whole sentence. Where a rule's message begins with its field, or one around it, the exact path takes its place."""
        field, colon, rest = self.message.partition(": ")
        is_repeated = bool(colon) and f"{INDEX.sub('', self.path)}.".startswith(f"{field}.")
        where = f"{self.path}: " if self.path else ""
        return f"{where}{rest if is_repeated else self.message}" + (f"; {self.remedy}" if self.remedy else "")


def path_of(location: Location) -> str:
    """The location as people write it: `spec.env[0].name`, `metadata.labels[example.com/team]`."""
    path = ""
    for step in location:
        is_plain = isinstance(step, str) and PLAIN_KEY.fullmatch(step)
        path += f".{step}" if is_plain else f"[{step}]"
    return path.removeprefix(".")


def did_you_mean(word: object, choices: Iterable[object], otherwise: str = "") -> str:
    """A remedy that names the choice nearest to a misspelt word, or another one if none is near."""
    by_lowercase = {str(choice).lower(): str(choice) for choice in choices}
    near = difflib.get_close_matches(str(word).lower(), by_lowercase, n=1)
    return f'did you mean "{by_lowercase[near[0]]}"?' if near else otherwise

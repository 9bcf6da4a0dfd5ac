"""YAML documents from files, folders and standard input."""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from zerotouch.errors import UnreadableError
from zerotouch_function.manifest import Manifest

STANDARD_INPUT: Final = "-"
BASE: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's loader where this Python has it: ten times faster, same result."""


class Loader(BASE):  # type: ignore[misc, valid-type]  # the C loader where there is one
    """Reads scalars as kubectl does: `2024-01-01` and `10:30` are text, not a date and 630."""


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


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document and the file that it stands in."""

    manifest: Manifest
    source: str

    @property
    def title(self) -> str:
        """What a message calls it: kind, namespace and name, and the file."""
        metadata = self.manifest.get("metadata") or {}
        name = "/".join(str(part) for part in (metadata.get("namespace"), metadata.get("name")) if part)
        return f"{self.manifest.get('kind', 'document')} {name or 'without a name'} in {self.source}"


def read(paths: Iterable[str]) -> list[Document]:
    """Every document of those files, of the YAML files below those folders, and of standard input for `-`.

    Raises:
        UnreadableError: A file is not there, is not YAML, or holds something else than objects.
    """
    return [document for path in paths for file in _files(path) for document in _documents(file)]


def _files(path: str) -> list[str]:
    if path == STANDARD_INPUT or not Path(path).is_dir():
        return [path]
    return sorted(str(file) for file in Path(path).rglob("*") if file.suffix in (".yaml", ".yml") and file.is_file())


def _documents(file: str) -> Iterator[Document]:
    source = "standard input" if file == STANDARD_INPUT else file
    try:
        text = sys.stdin.read() if file == STANDARD_INPUT else Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{source}: cannot be read ({error})") from None
    try:
        contents: list[Any] = list(yaml.load_all(text, Loader=Loader))  # a safe loader
    except yaml.YAMLError as error:
        raise UnreadableError(f"{source}: is not YAML: {' '.join(str(error).split())}") from None
    for content in contents:
        if content is None:
            continue
        if not isinstance(content, dict):
            raise UnreadableError(f"{source}: holds a {type(content).__name__} where a Kubernetes object should be")
        yield Document(content, source)

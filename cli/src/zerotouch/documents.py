"""YAML documents from files, folders and standard input."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from zerotouch.errors import UnreadableError
from zerotouch.loader import FaultError, Loader
from zerotouch_function.manifest import Manifest, part

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document and the file that it stands in."""

    manifest: Manifest
    source: str

    @property
    def title(self) -> str:
        """What a message calls it: kind, namespace and name, and the file."""
        name = "/".join(str(word) for word in (part(self.manifest, "metadata").get("namespace"), self.name) if word)
        return f"{self.manifest.get('kind', 'document')} {name or 'without a name'} in {self.source}"

    @property
    def name(self) -> str:
        """Its name; empty where it has none."""
        return str(part(self.manifest, "metadata").get("name") or "")

    @property
    def namespace(self) -> str:
        """Its namespace; without one it is in `default`, as `kubectl apply` would have it."""
        return str(part(self.manifest, "metadata").get("namespace") or "default")


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
    except FaultError as error:
        raise UnreadableError(f"{source}: {error}") from None
    except yaml.YAMLError as error:
        raise UnreadableError(f"{source}: is not YAML: {' '.join(str(error).split())}") from None
    for content in contents:
        if content is None:
            continue
        if not isinstance(content, dict):
            raise UnreadableError(f"{source}: holds a {type(content).__name__} where a Kubernetes object should be")
        yield Document(content, source)

"""YAML documents from files, folders and standard input."""

import os
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
    """Every object of those files, of the YAML files below those folders, and of standard input for `-`; those of a List one by one.

    Hidden folders are passed over, and in a folder also what is no Kubernetes object: other tools have YAML of their own.

    Raises:
        UnreadableError: A file is not there, is not YAML, or was asked for by name and holds something else than objects.
    """
    return [document for path in paths for document in (_below(path) if _is_folder(path) else _objects(path, _contents(path)))]


def _is_folder(path: str) -> bool:
    return path != STANDARD_INPUT and Path(path).is_dir()


def _below(folder: str) -> Iterator[Document]:
    for file in sorted(_files(folder)):
        yield from _objects(file, (content for content in _contents(file) if _is_of_kubernetes(content)))


def _files(folder: str) -> Iterator[str]:
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (str(Path(path, name)) for name in files if name.endswith((".yaml", ".yml")) and Path(path, name).is_file())


def _is_of_kubernetes(content: object) -> bool:
    """False for what another tool reads; a list of objects was meant for Kubernetes, and is told to be none of its forms."""
    parts = content if isinstance(content, list) else [content]
    return any(isinstance(part, dict) and (part is content or {"apiVersion", "kind"} <= part.keys()) for part in parts)


def _contents(file: str) -> Iterator[Any]:
    """What the documents of a file hold, except those that are empty."""
    source = _source(file)
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
    yield from (content for content in contents if content is not None)


def _objects(file: str, contents: Iterable[Any]) -> Iterator[Document]:
    for content in contents:
        if not isinstance(content, dict):
            raise UnreadableError(
                f"{_source(file)}: holds a {type(content).__name__} where a Kubernetes object should be; separate objects by ---"
            )
        items = content.get("items")
        if str(content.get("kind")).endswith("List") and isinstance(items, list):
            yield from _objects(file, items)
        else:
            yield Document(content, _source(file))


def _source(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file

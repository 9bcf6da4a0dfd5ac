"""How results look: YAML or JSON on standard output, what went wrong on standard error."""

import json
import sys
from collections.abc import Iterable
from typing import Any, Final

import yaml

from zerotouch.loader import Loader
from zerotouch_function.manifest import Manifest

BASE: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Dumper(BASE):  # type: ignore[misc, valid-type]  # the C dumper where there is one
    """Writes every object out: no anchors and aliases, which nobody reads."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # the parent's signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Text of several lines stands in a block, line by line."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Dumper.add_representer(str, _text)
Dumper.yaml_implicit_resolvers = {
    first: [*resolvers, *Loader.yaml_implicit_resolvers[first]] for first, resolvers in BASE.yaml_implicit_resolvers.items()
}
"""Text such as "120e4", "0709" or "y", no text for kubectl and none but text for YAML 1.1, is quoted too."""


def print_yaml(manifests: Iterable[Manifest]) -> None:
    """Writes a stream of documents, fields in the order they were composed in."""
    yaml.dump_all(manifests, sys.stdout, Dumper=Dumper, sort_keys=False, explicit_start=True, width=140)


def print_json(data: Any) -> None:
    json.dump(data, sys.stdout, indent=2)
    sys.stdout.write("\n")


def print_error(message: str) -> None:
    """One line `Error: where: what; what to do`, red on a terminal."""
    _print(message, "Error", "red")


def print_warning(message: str) -> None:
    _print(message, "Warning", "yellow")


def _print(message: str, label: str, colour: str) -> None:
    import click  # here, for `render` without errors has no need of it

    click.echo(f"{click.style(f'{label}:', fg=colour, bold=True)} {message}", err=True)

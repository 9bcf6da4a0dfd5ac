"""The platform's APIs as files: XRDs and Compositions, from the installed package or from the working tree."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml

from zerotouch.errors import CommandError
from zerotouch.loader import Loader
from zerotouch_contract import api

TREE: Final = Path(__file__).parents[3] / "apis"
"""Where the APIs lie in the working tree; the installed package carries a copy of that folder."""


@cache
def definitions() -> dict[str, dict[str, Any]]:
    """XRDs by the kind of their claim."""
    return {manifest["spec"]["claimNames"]["kind"]: manifest for manifest in _manifests("CompositeResourceDefinition")}


@cache
def composition_input(composite_kind: str, mode: str) -> dict[str, Any]:
    """What the Composition of that mode tells the function: a preview uses the cluster's own."""
    for composition in _manifests("Composition"):
        step = composition["spec"]["pipeline"][0]["input"]
        if composition["spec"]["compositeTypeRef"]["kind"] == composite_kind and step["mode"] == mode:
            return dict(step)
    raise CommandError(f'--mode: no Composition of {composite_kind} has mode "{mode}"')


def is_claim(manifest: dict[str, Any]) -> bool:
    """True for a kind of the platform that consumers write."""
    return str(manifest.get("apiVersion", "")).startswith(f"{api.GROUP}/") and str(manifest.get("kind")) in definitions()


def _manifests(kind: str) -> list[dict[str, Any]]:
    return [manifest for manifest in _everything() if manifest.get("kind") == kind]


@cache
def _everything() -> list[dict[str, Any]]:
    packaged = Path(str(files("zerotouch"))) / "apis"
    folder = packaged if packaged.is_dir() else TREE
    return [yaml.load(path.read_text(), Loader=Loader) for path in sorted(folder.glob("*/*.yaml"))]  # noqa: S506  # a safe loader

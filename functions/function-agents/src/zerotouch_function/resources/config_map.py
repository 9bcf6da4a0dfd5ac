"""A ConfigMap with files for a claim's pods."""

from collections.abc import Mapping

from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest
from zerotouch_function.resources.metadata import object_meta


def config_map(claim: Claim, *, component: str, name: str, files: Mapping[str, str]) -> Manifest:
    """A ConfigMap of that name, with one key for each file."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": object_meta(claim, component=component, name=name),
        "data": dict(files),
    }

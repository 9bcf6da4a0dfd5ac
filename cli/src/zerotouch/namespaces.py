"""The naming convention for namespaces (`docs/standards/namespace-naming-convention.md`), for those that stand beside a claim."""

import re
from typing import Final

from zerotouch_function.manifest import Manifest, part

PATTERN: Final = re.compile(r"(?P<layer>[a-z0-9]+)-(?P<category>[a-z0-9]+(-[a-z0-9]+)*)")
"""`{layer}-{category}`, such as intelligence-agents."""


def convention_breaks(manifest: Manifest) -> list[str]:
    """How a Namespace breaks the convention; empty for every other kind."""
    if (manifest.get("apiVersion"), manifest.get("kind")) != ("v1", "Namespace"):
        return []
    name, labels = str(part(manifest, "metadata").get("name", "")), part(manifest, "metadata", "labels")
    match = PATTERN.fullmatch(name)
    if match is None:
        return [f'metadata.name: "{name}" is not of the form layer-category, such as intelligence-agents; choose such a name']
    return [
        f'metadata.labels.{key}: should be "{value}", the name\'s own {key}; add the label'
        for key, value in match.groupdict().items()
        if labels.get(key) != value
    ]

"""What `run` needs of a composed AgentType: the sidecar's configuration, the agent's container, and its code."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from zerotouch.documents import Document
from zerotouch.errors import CommandError
from zerotouch.render import claims, render
from zerotouch_contract import paths
from zerotouch_function.manifest import Manifest

KIND: Final = "AgentType"


@dataclass(frozen=True, slots=True)
class Workload:
    """One agent as the cluster would run it."""

    name: str
    namespace: str
    configuration: dict[str, Any]
    """The content of sidecar.json."""
    container: Manifest
    """The agent's container."""
    code_config_map: str
    """Name of the ConfigMap that holds the agent's code; empty when the claim names an image."""
    code: dict[str, str]
    """File name to content, of that ConfigMap if it was among the documents."""


def workload(documents: Iterable[Document]) -> Workload:
    """The one agent among the documents.

    Raises:
        CommandError: There is none or more than one, or it is refused.
    """
    every = list(documents)
    found = [claim for claim in claims(every) if claim.manifest["kind"] == KIND]
    if len(found) != 1:
        what = "it is another kind of claim" if not found else f"{len(found)} were found"
        raise CommandError(f"CLAIM: run starts one {KIND}, and {what}; give the file of one")
    manifests = render(found[0], mode="direct").manifests
    configuration = json.loads(_one(manifests, "ConfigMap")["data"][paths.SIDECAR_CONFIG_KEY])
    (container,) = _one(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    code = (found[0].manifest["spec"]["agent"].get("code") or {}).get("configMap", "")
    agent = configuration["agent"]
    return Workload(agent["name"], agent["namespace"], configuration, container, code, _files(every, code))


def _one(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = (manifest for manifest in manifests if manifest["kind"] == kind)
    return found


def _files(documents: list[Document], config_map: str) -> dict[str, str]:
    for document in documents:
        manifest = document.manifest
        if manifest.get("kind") == "ConfigMap" and (manifest.get("metadata") or {}).get("name") == config_map:
            return dict(manifest.get("data") or {})
    return {}

"""What `run` needs of a composed AgentType: the sidecar's configuration, the agent's container, and its code."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from zerotouch.documents import Document
from zerotouch.errors import CommandError
from zerotouch.local.code import Code, code
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
    template: Manifest
    """The pod's template."""
    code: Code | None
    """Where the agent's code is; None when the claim names an image."""

    @property
    def container(self) -> Manifest:
        """The agent's container."""
        (found,) = self.template["spec"]["containers"]
        assert isinstance(found, dict)
        return found


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
    template = _one(manifests, "Deployment")["spec"]["template"]
    name, namespace = configuration["agent"]["name"], configuration["agent"]["namespace"]
    return Workload(name, namespace, configuration, template, code(found[0].manifest["spec"]["agent"], namespace, every))


def _one(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = (manifest for manifest in manifests if manifest["kind"] == kind)
    return found

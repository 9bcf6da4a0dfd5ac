"""A Composition of a test's own: what the platform's operator changes in an upgrade, without touching other claims."""

import copy
import secrets as random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.cluster import Manifest, apply, get, kubectl
from tests.e2e.images import build
from tests.e2e.settings import Settings

XRD: Final = "xagenttypes.platform.bizmatters.io"


@dataclass(frozen=True, slots=True)
class OwnComposition:
    """A copy of the Composition that agents use by default."""

    content: Manifest

    @classmethod
    def create(cls) -> "OwnComposition":
        definition = get("compositeresourcedefinitions", XRD) or {}
        default = get("compositions", definition["spec"]["defaultCompositionRef"]["name"]) or {}
        name = f"{default['metadata']['name']}-e2e-{random.token_hex(3)}"
        own = cls({**{key: default[key] for key in ("apiVersion", "kind", "spec")}, "metadata": {"name": name}})
        apply(own.content)
        return own

    def chosen(self) -> Manifest:
        """What a claim's spec says to be composed by it; Crossplane v1.20 knows it too."""
        return {"compositionRef": {"name": self.content["metadata"]["name"]}}

    def image(self, part: str) -> str:
        return str(self._images(self.content)[part])

    def use(self, part: str, image: str) -> None:
        """Gives all claims of this Composition another image of the sidecar or the wrapper."""
        changed = copy.deepcopy(self.content)
        self._images(changed)[part] = image
        apply(changed)

    def delete(self) -> None:
        kubectl("delete", "composition", str(self.content["metadata"]["name"]), "--wait=false")

    @staticmethod
    def _images(content: Manifest) -> Manifest:
        images: Manifest = content["spec"]["pipeline"][0]["input"]["agents"]["images"]
        return images


def derived_image(settings: Settings, base: str, folder: Path, *lines: str) -> str:
    """An image on top of another, with these further lines in its Dockerfile."""
    (folder / "Dockerfile").write_text("\n".join([f"FROM {base}", *lines]) + "\n")
    return build(settings, "e2e-derived", folder)

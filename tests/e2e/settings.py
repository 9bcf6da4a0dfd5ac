"""Everything that the tests know of the cluster, from environment variables (README.md lists them)."""

import os
from dataclasses import dataclass
from typing import Final

DOCKER_BUILD: Final = 'docker build -t "$@"'
DOCKER_SAVE: Final = 'docker save -o "$2" "$1"'
DOCKER_PUSH: Final = 'docker push "$1"'
PACKAGE_PUSH: Final = '"{}" xpkg push -f "$1" "$2"'
EARLIER: Final = "8c803dec56aad20d82443c21a43832abf5d04787"
"""The first commit whose claims become what they become today: an upgrade from an earlier one changes objects, and starts agents anew."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to build images, where they go, and where the platform's parts live.

    Attributes:
        image_build: Shell command; `$1` is the tag, `$2` the folder, further arguments are the builder's own flags.
        platform: What the nodes are, such as linux/amd64; empty: what the builder is.
        image_save: Shell command; writes the image of tag `$1` into the file `$2`, as a docker archive.
        image_load: Shell command; makes the image of tag `$1` available to the cluster.
        xpkg_push: Shell command; pushes the package file `$1` under the name `$2`.
        crossplane: The Crossplane CLI.
        registry: Prefix of our images.
        builds_public_images: Whether images under other people's names are built here, because the cluster cannot pull them.
        keeps_namespaces: Whether namespaces stay after the tests, to look into.
        enforces_network_policies: Whether the cluster's network does what NetworkPolicies say.
        crossplane_namespace: Where Crossplane and the function run.
        nats_namespace: Where the Service and StatefulSet `nats` are.
        earlier: The commit or tag whose function is upgraded to the working tree's.
    """

    image_build: str
    platform: str
    image_save: str
    image_load: str
    xpkg_push: str
    crossplane: str
    registry: str
    builds_public_images: bool
    keeps_namespaces: bool
    enforces_network_policies: bool
    crossplane_namespace: str
    nats_namespace: str
    earlier: str

    @property
    def nats_url(self) -> str:
        return f"nats://nats.{self.nats_namespace}.svc:4222"


def from_environment() -> Settings:
    crossplane = os.environ.get("CROSSPLANE", "crossplane")
    return Settings(
        image_build=os.environ.get("IMAGE_BUILD", DOCKER_BUILD),
        platform=os.environ.get("PLATFORM", ""),
        image_save=os.environ.get("IMAGE_SAVE", DOCKER_SAVE),
        image_load=os.environ.get("IMAGE_LOAD", DOCKER_PUSH),
        xpkg_push=os.environ.get("XPKG_PUSH", PACKAGE_PUSH.format(crossplane)),
        crossplane=crossplane,
        registry=os.environ.get("REGISTRY", "ghcr.io/bizmatters"),
        builds_public_images=os.environ.get("E2E_BUILD_PUBLIC_IMAGES") == "1",
        keeps_namespaces=os.environ.get("E2E_KEEP") == "1",
        enforces_network_policies=os.environ.get("E2E_NETWORK_POLICIES") == "1",
        crossplane_namespace=os.environ.get("CROSSPLANE_NAMESPACE", "crossplane-system"),
        nats_namespace=os.environ.get("NATS_NAMESPACE", "nats"),
        earlier=os.environ.get("E2E_EARLIER", EARLIER),
    )

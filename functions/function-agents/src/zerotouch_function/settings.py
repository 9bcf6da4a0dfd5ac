"""What the Composition tells the function: the platform engineer's choices, equal for every claim of it."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from zerotouch_function.errors import InputError
from zerotouch_function.fields.base import Fields, Flag, ObjectName
from zerotouch_function.fields.container import ImageReference, Resources, Size
from zerotouch_function.fields.parse import parse as parse_fields
from zerotouch_function.fields.placement import DefaultPlacement
from zerotouch_function.fields.rules import check_tolerations
from zerotouch_function.manifest import Manifest

RELEASE: Final = "v0.1.0"
"""The function's own release, and that of the images it was built with."""


class ProviderConfigRef(Fields, frozen=True):
    name: ObjectName = "kubernetes-provider"


class Diagnostics(Fields, frozen=True):
    """What may be read beyond the composed objects, to explain why a workload does not start."""

    pods: Flag = False


class Defaults(Fields, frozen=True):
    """What claims leave open."""

    cluster_domain: Annotated[str, Meta(min_length=1, description="a domain, such as cluster.local")] = "cluster.local"
    image_pull_secrets: tuple[ObjectName, ...] = ()
    sizes: dict[Size, Resources] = {}
    placement: DefaultPlacement = DefaultPlacement()


class AgentImages(Fields, frozen=True):
    """The platform's own images in an agent's pod."""

    wrapper: ImageReference = f"ghcr.io/bizmatters/agent-wrapper:{RELEASE}"
    sidecar: ImageReference = f"ghcr.io/bizmatters/agent-sidecar:{RELEASE}"


class Agents(Fields, frozen=True):
    images: AgentImages = AgentImages()


class Settings(Fields, frozen=True):
    """The function's input, `kind: Input` of `agents.fn.platform.bizmatters.io/v1beta1`."""

    mode: Literal["direct", "objects"] = "direct"
    provider_config_ref: ProviderConfigRef = ProviderConfigRef()
    diagnostics: Diagnostics = Diagnostics()
    agents: Agents = Agents()
    defaults: Defaults = Defaults()


def parse_settings(function_input: Manifest) -> Settings:
    """Parses the Composition's `input`; an empty one means every default.

    Raises:
        InputError: A field is unknown or out of bounds, or says something that Kubernetes would refuse of every claim.
    """
    fields = {key: value for key, value in function_input.items() if key not in ("apiVersion", "kind", "metadata")}
    settings = parse_fields(Settings, fields, root="input", error=InputError)
    check_tolerations(settings.defaults.placement.tolerations, field="input.defaults.placement.tolerations", error=InputError)
    return settings

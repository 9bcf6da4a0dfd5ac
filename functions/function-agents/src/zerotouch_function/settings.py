"""What the Composition tells the function: the platform engineer's choices, equal for every claim of it."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta

from zerotouch_function.errors import InputError, SpecError
from zerotouch_function.fields.base import DNS_SUBDOMAIN, Fields, Flag, ObjectName
from zerotouch_function.fields.container import ImageReference, Resources, Size
from zerotouch_function.fields.parse import parse as parse_fields
from zerotouch_function.fields.placement import DefaultPlacement
from zerotouch_function.fields.rules import check_pull_secrets, check_tolerations
from zerotouch_function.manifest import Manifest
from zerotouch_function.resources.sizes import container_resources

RELEASE: Final = "v0.1.0"
"""The function's own release, and that of the images it was built with."""


class ProviderConfigRef(Fields, frozen=True):
    name: ObjectName = "kubernetes-provider"


class Diagnostics(Fields, frozen=True):
    """What may be read beyond the composed objects, to explain why a workload does not start."""

    pods: Flag = False


class Defaults(Fields, frozen=True):
    """What claims leave open."""

    cluster_domain: Annotated[str, Meta(pattern=DNS_SUBDOMAIN, max_length=253, description="a domain, such as cluster.local")] = (
        "cluster.local"
    )
    image_pull_secrets: Annotated[tuple[ObjectName, ...], Meta(max_length=16)] = ()
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
    check_pull_secrets(settings.defaults.image_pull_secrets, field="input.defaults.imagePullSecrets", error=InputError)
    for size in settings.defaults.sizes:
        _check_size(size, settings.defaults.sizes)
    return settings


def _check_size(size: Size, sizes: Mapping[Size, Resources]) -> None:
    """Raises InputError for a size that no claim could have as it is."""
    try:
        container_resources(size, overrides=Resources(), sizes=sizes, field=f"input.defaults.sizes.{size}")
    except SpecError as wrong:
        raise InputError(wrong.field, wrong.problem, wrong.remedy) from None

"""What the Composition tells the function: the platform engineer's choices, equal for every claim of it."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from zerotouch_function.errors import InputError
from zerotouch_function.fields.base import Fields, Flag, ObjectName
from zerotouch_function.fields.container import Resources, Size
from zerotouch_function.fields.parse import parse as parse_fields
from zerotouch_function.fields.placement import DefaultPlacement
from zerotouch_function.manifest import Manifest


class ProviderConfigRef(Fields):
    name: ObjectName = "kubernetes-provider"


class Diagnostics(Fields):
    """What may be read beyond the composed objects, to explain why a workload does not start."""

    pods: Flag = False


class Defaults(Fields):
    """What claims leave open."""

    cluster_domain: Annotated[str, Field(min_length=1)] = "cluster.local"
    image_pull_secrets: tuple[ObjectName, ...] = ()
    sizes: dict[Size, Resources] = {}
    placement: DefaultPlacement = DefaultPlacement()


class Settings(Fields):
    """The function's input, `kind: Input` of `agents.fn.platform.bizmatters.io/v1beta1`."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    mode: Literal["direct", "objects"] = "direct"
    provider_config_ref: ProviderConfigRef = ProviderConfigRef()
    diagnostics: Diagnostics = Diagnostics()
    defaults: Defaults = Defaults()


def parse_settings(function_input: Manifest) -> Settings:
    """Parses the Composition's `input`; an empty one means every default.

    Raises:
        InputError: A field is unknown or out of bounds.
    """
    fields = {key: value for key, value in function_input.items() if key not in ("apiVersion", "kind", "metadata")}
    return parse_fields(Settings, fields, root="input", error=InputError)

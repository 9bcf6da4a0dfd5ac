"""Which API answers for which kind: where an answer begins, for Crossplane, previews, tests and benchmarks alike."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from zerotouch_function.apis.agentexecutor import compose as agentexecutor
from zerotouch_function.apis.agenttype import compose as agenttype
from zerotouch_function.composition import Composition, Condition, Status
from zerotouch_function.errors import FunctionError, UnknownKindError
from zerotouch_function.manifest import Manifest
from zerotouch_function.modes import OBJECTS, check_mode, made_in, view, wrap_all
from zerotouch_function.observed import Composed, Observed
from zerotouch_function.settings import Settings, parse_settings


class Api(Struct, frozen=True):
    """One kind's two answers.

    Attributes:
        keys: Keys of the objects that it composes, whatever the spec says.
    """

    compose: Callable[[Manifest, Composed, Settings], Composition]
    refuse: Callable[[Manifest, Composed, FunctionError], tuple[Condition, ...]]
    keys: tuple[str, ...]


APIS: Final = {
    f"X{agentexecutor.KIND}": Api(agentexecutor.compose, agentexecutor.refuse, agentexecutor.KEYS),
    f"X{agenttype.KIND}": Api(agenttype.compose, agenttype.refuse, agenttype.KEYS),
}
"""Every API by the kind of its composite resource."""


def compose(xr: Manifest, observed: Observed, function_input: Manifest) -> Composition:
    """Composes one composite resource.

    Args:
        xr: The composite resource, as observed.
        observed: Its composed objects, as observed.
        function_input: The Composition's input for this function; empty means every default.

    Raises:
        FunctionError: The request cannot be answered with resources; nothing may change in the cluster.
    """
    kind = str(xr.get("kind", ""))
    if kind not in APIS:
        raise UnknownKindError(
            "kind", f'"{kind}" is not composed by this function', f"use one of {', '.join(APIS)}, or update the function"
        )
    api, settings = APIS[kind], parse_settings(function_input)
    check_mode(settings.mode, made_in(observed, api.keys))
    composition = api.compose(xr, view(settings.mode, observed), settings)
    if settings.mode != OBJECTS:
        return composition
    wrapped = wrap_all(composition.resources, composite=xr["metadata"]["name"], provider_config=settings.provider_config_ref.name)
    return replace(composition, resources=wrapped)


def refuse(xr: Manifest, observed: Observed, error: FunctionError) -> tuple[Condition, ...]:
    """Every condition of the API that the kind belongs to, with the error in them; for an unknown kind the error alone."""
    api = APIS.get(str(xr.get("kind", "")))
    if api is None:
        return (Condition("SpecValid", Status.FALSE, error.reason, str(error)),)
    return api.refuse(xr, view(made_in(observed, api.keys), observed), error)

"""Finds provider types among the installed packages. Ours are found the same way."""

from importlib.metadata import EntryPoint, entry_points

from zerotouch_sidecar.errors import ConfigurationError
from zerotouch_sidecar.models.providers.base import GROUP, Factory, Provider, Setup


def provider_types() -> dict[str, EntryPoint]:
    """Returns every type that a provider may have."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def make_provider(type_name: str, setup: Setup, field: str) -> Provider:
    """Makes a provider. `field` says where it stands in sidecar.json, for messages.

    Raises:
        ConfigurationError: The type is unknown, or its factory refuses or fails: a plugin's mistake must not stop the sidecar.
    """
    types = provider_types()
    entry = types.get(type_name)
    if entry is None:
        known = ", ".join(sorted(types))
        raise ConfigurationError(
            f"{field}.type", f"no provider type {type_name}", f"use one of {known}, or an image with that plugin in it"
        )
    try:
        factory: Factory = entry.load()
        provider = factory(setup)
        if not provider.surfaces:
            raise ValueError("it speaks no protocol")
    except ConfigurationError:
        raise
    except Exception as error:  # whatever a plugin does
        raise ConfigurationError(field, f"{type_name} cannot be used: {error}", "mend it or the plugin") from error
    return provider

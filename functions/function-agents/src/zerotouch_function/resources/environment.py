"""Environment variables of a container, from Secrets and from the claim."""

from collections.abc import Iterable
from functools import lru_cache

from zerotouch_function.fields.base import as_yaml
from zerotouch_function.fields.container import EnvVar
from zerotouch_function.manifest import Manifest


def variable(name: str, value: str) -> Manifest:
    return {"name": name, "value": value}


def from_pod(name: str, field_path: str) -> Manifest:
    """A variable with a field of the pod itself."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": field_path}}}


@lru_cache(1024)
def from_secret(secret: str, keys: tuple[str, ...], *, optional: bool = False) -> tuple[Manifest, ...]:
    """One variable per key, named as the key; none if there is no Secret. Most claims have the same ones.

    Args:
        secret: Name of the Secret; empty means that the service does not use it.
        keys: Keys of the Secret.
        optional: A pod starts without the key, or without the Secret.
    """
    if not secret:
        return ()
    extra = {"optional": True} if optional else {}
    return tuple({"name": key, "valueFrom": {"secretKeyRef": {"name": secret, "key": key, **extra}}} for key in keys)


def of_itself(variables: Iterable[Manifest]) -> list[Manifest]:
    """The same variables, with the resources of the container that has them in place of those of one that it names."""
    return [_of_itself(variable) for variable in variables]


def _of_itself(variable: Manifest) -> Manifest:
    source = variable.get("valueFrom", {})
    if "containerName" not in source.get("resourceFieldRef", {}):
        return variable
    amount = {key: value for key, value in source["resourceFieldRef"].items() if key != "containerName"}
    return {**variable, "valueFrom": {"resourceFieldRef": amount}}


def from_claim(variables: Iterable[EnvVar]) -> list[Manifest]:
    """The claim's own variables, as they stand there."""
    return [as_yaml(variable) for variable in variables]

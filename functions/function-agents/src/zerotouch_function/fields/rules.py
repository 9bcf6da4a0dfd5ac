"""Rules across fields that several APIs have."""

from collections.abc import Callable, Iterable, Sequence
from posixpath import normpath
from typing import Final
from urllib.parse import urlsplit

from zerotouch_function.errors import FunctionError, SpecError
from zerotouch_function.fields.base import as_yaml
from zerotouch_function.fields.container import EnvVar, ResourceFieldRef, Volume
from zerotouch_function.fields.nats import servers
from zerotouch_function.fields.placement import Placement, Toleration

SOURCES: Final = ("config_map", "secret", "empty_dir", "persistent_volume_claim")


def check_env(variables: Sequence[EnvVar], *, field: str, container: str) -> None:
    """Raises SpecError for a variable that is set twice, from more than one place, or from what the claim's container does not have.

    Args:
        variables: The claim's variables.
        field: Where it has them.
        container: Its own container in the pods.
    """
    repeated = first_repeated(variable.name for variable in variables)
    if repeated:
        raise SpecError(field, f'"{repeated}" is set twice', "set each variable once")
    for variable in variables:
        if variable.value is not None and variable.value_from is not None:
            raise SpecError(field, f'"{variable.name}" has both value and valueFrom', "keep one of them")
        if variable.value_from is not None and len(as_yaml(variable.value_from)) != 1:
            raise SpecError(field, f'"{variable.name}" needs exactly one source in valueFrom', "keep one of them")
        amount = variable.value_from.resource_field_ref if variable.value_from else None
        if amount is not None and amount.container_name not in (None, container):
            problem = f'"{variable.name}" has containerName "{amount.container_name}", and the claim\'s own container is {container}'
            raise SpecError(field, problem, "remove containerName, or write that one")
        if amount is not None and not _has_fitting_unit(amount):
            problem = f'"{variable.name}" has divisor "{amount.divisor}", and {amount.resource} has no such unit'
            raise SpecError(field, problem, "write 1 or 1m for CPU, and 1, 1k, 1Ki, 1M, 1Mi and so on for bytes")


def _has_fitting_unit(amount: ResourceFieldRef) -> bool:
    """Whether Kubernetes gives that resource in that unit: CPU in thousandths, bytes in thousands and more."""
    return amount.divisor in (None, "0", "1") or amount.resource.endswith(".cpu") == (amount.divisor == "1m")


def check_volumes(volumes: Sequence[Volume], *, field: str, is_ours: Callable[[str], bool], our_paths: Iterable[str]) -> None:
    """Raises SpecError for volumes that collide with each other or with the platform's, or have no one source.

    Args:
        volumes: The claim's volumes.
        field: Where it has them.
        is_ours: Whether a name belongs to the platform.
        our_paths: Folders that belong to the platform, with everything below.
    """
    for what, values in (("name", [v.name for v in volumes]), ("mountPath", [_cleaned(v.mount_path) for v in volumes])):
        repeated = first_repeated(values)
        if repeated:
            raise SpecError(field, f'two volumes have the {what} "{repeated}"', f"give each its own {what}")
    for volume in volumes:
        if volume.sub_path is not None and (volume.sub_path.startswith("/") or ".." in volume.sub_path.split("/")):
            problem = f'subPath "{volume.sub_path}" leads out of the volume'
            raise SpecError(field, problem, "write a path inside it, without a leading / and without ..")
        if is_ours(volume.name):
            raise SpecError(field, f'"{volume.name}" is a name of the platform\'s own volumes', "use another name")
        path = _cleaned(volume.mount_path)
        for ours in our_paths:
            if path == ours or path.startswith(f"{ours}/"):
                raise SpecError(field, f'"{volume.mount_path}" is below {ours}, where the platform mounts', "mount it elsewhere")
        if sum(getattr(volume, source) is not None for source in SOURCES) != 1:
            raise SpecError(
                field, f'"{volume.name}" needs exactly one source', "set one of configMap, secret, emptyDir, persistentVolumeClaim"
            )


def _cleaned(path: str) -> str:
    """The path as the node cleans it: //data, /data/ and /x/../data are /data."""
    return normpath(f"/{path.lstrip('/')}")


def check_url(url: str, *, field: str) -> None:
    """Raises SpecError for a URL that leads nowhere. An empty one is none."""
    try:
        parts = urlsplit(url)
        is_wrong = bool(url) and (not parts.hostname or parts.port == 0)
    except ValueError:  # a port above 65535, or half a pair of brackets
        is_wrong = True
    if is_wrong:
        raise _leads_nowhere(field)


def check_servers(urls: str, *, field: str) -> None:
    """Raises SpecError for a list of NATS servers with one that leads nowhere."""
    try:
        servers(urls)
    except ValueError:
        raise _leads_nowhere(field) from None


def check_placement(placement: Placement) -> None:
    """Raises SpecError for a toleration that means nothing, and for a spread that is listed twice."""
    check_tolerations(placement.tolerations, field="spec.placement.tolerations", error=SpecError)
    repeated = first_repeated(spread.topology_key for spread in placement.topology_spread)
    if repeated:
        raise SpecError("spec.placement.topologySpread", f'"{repeated}" is listed twice', "list each topologyKey once")


def check_tolerations(tolerations: Iterable[Toleration], *, field: str, error: type[FunctionError]) -> None:
    """Raises that error for a toleration that means nothing."""
    for toleration in tolerations:
        problem, remedy = _toleration_fault(toleration)
        if problem:
            raise error(field, problem, remedy)


def check_pull_secrets(names: Sequence[str], *, field: str = "spec.imagePullSecrets", error: type[FunctionError] = SpecError) -> None:
    """Raises that error for a Secret that is listed twice."""
    repeated = first_repeated(names)
    if repeated:
        raise error(field, f'"{repeated}" is listed twice', "list each Secret once")


def _leads_nowhere(field: str) -> SpecError:
    return SpecError(field, "has a URL that leads nowhere", "write scheme://host, or scheme://host:port with a port from 1 to 65535")


def _toleration_fault(toleration: Toleration) -> tuple[str, str]:
    """What is wrong with it and what to do; two empty texts if nothing is."""
    if toleration.operator == "Equal" and not toleration.key:
        return "a toleration without a key is for every taint", "set operator Exists if that is meant"
    if toleration.operator == "Exists" and toleration.value:
        return f'operator Exists compares no value, and "{toleration.value}" is one', "remove value, or use operator Equal"
    if toleration.toleration_seconds is not None and toleration.effect != "NoExecute":
        return "tolerationSeconds counts with effect NoExecute only", "remove it, or set that effect"
    return "", ""


def first_repeated(values: Iterable[str]) -> str:
    """The first value that occurs a second time, or empty."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return ""

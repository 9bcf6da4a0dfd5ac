"""Rules across the spec's fields: those that the API server checks as CEL, again here, for it may run without them.

Crossplane v1.20 drops rules at an object's root, and an old claim can be older than a rule.
"""

from collections.abc import Iterable
from typing import Final

from zerotouch_contract import environment, paths
from zerotouch_function.apis.agentexecutor.spec import AgentExecutorSpec
from zerotouch_function.errors import SpecError
from zerotouch_function.fields.base import as_yaml
from zerotouch_function.fields.placement import Toleration

SOURCES: Final = ("config_map", "secret", "empty_dir", "persistent_volume_claim")
OUR_VOLUMES: Final = ("nats-credentials", "nats-ca")


def check(spec: AgentExecutorSpec) -> None:
    """Raises SpecError for the first rule that the spec breaks."""
    _check_scaling(spec)
    _check_env(spec)
    _check_volumes(spec)
    _check_placement(spec)
    repeated = first_repeated(spec.image_pull_secrets)
    if repeated:
        raise SpecError("spec.imagePullSecrets", f'"{repeated}" is listed twice', "list each Secret once")


def _check_scaling(spec: AgentExecutorSpec) -> None:
    scaling = spec.scaling
    if scaling.min_replicas > scaling.max_replicas:
        raise SpecError(
            "spec.scaling.minReplicas",
            f"{scaling.min_replicas} is more than spec.scaling.maxReplicas, {scaling.max_replicas}",
            "lower the one or raise the other",
        )
    if scaling.fallback_replicas is not None and scaling.fallback_replicas > scaling.max_replicas:
        raise SpecError(
            "spec.scaling.fallbackReplicas",
            f"{scaling.fallback_replicas} is more than spec.scaling.maxReplicas, {scaling.max_replicas}",
            "lower the one or raise the other",
        )


def _check_env(spec: AgentExecutorSpec) -> None:
    names = [variable.name for variable in spec.env]
    repeated = first_repeated(names)
    if repeated:
        raise SpecError("spec.env", f'"{repeated}" is set twice', "set each variable once")
    for variable in spec.env:
        setter = _who_sets(spec, variable.name)
        if setter:
            raise SpecError("spec.env", f'"{variable.name}" is set by the platform from {setter}', "use another name")
        if variable.value is not None and variable.value_from is not None:
            raise SpecError("spec.env", f'"{variable.name}" has both value and valueFrom', "keep one of them")
        if variable.value_from is not None and len(as_yaml(variable.value_from)) != 1:
            raise SpecError("spec.env", f'"{variable.name}" needs exactly one source in valueFrom', "keep one of them")


def _who_sets(spec: AgentExecutorSpec, variable: str) -> str:
    """The field through which the platform sets that variable, or empty."""
    owned = (
        ("spec.natsUrl", True, (environment.NATS_URL,)),
        ("spec.natsStreamName", True, (environment.NATS_STREAM_NAME,)),
        ("spec.natsConsumerGroup", True, (environment.NATS_CONSUMER_GROUP,)),
        ("spec.postgresConnectionSecret", spec.postgres_connection_secret, environment.POSTGRES_VARIABLES),
        ("spec.dragonflyConnectionSecret", spec.dragonfly_connection_secret, environment.DRAGONFLY_VARIABLES),
        ("spec.llmKeysSecret", spec.llm_keys_secret, environment.LLM_VARIABLES),
        ("spec.nats.credentialsSecret", spec.nats.credentials_secret, (environment.NATS_CREDS_FILE,)),
        ("spec.nats.caSecret", spec.nats.ca_secret, (environment.NATS_CA_FILE,)),
    )
    return next((field for field, is_used, variables in owned if is_used and variable in variables), "")


def _check_volumes(spec: AgentExecutorSpec) -> None:
    for what, values in (("name", [v.name for v in spec.volumes]), ("mountPath", [v.mount_path for v in spec.volumes])):
        repeated = first_repeated(values)
        if repeated:
            raise SpecError("spec.volumes", f'two volumes have the {what} "{repeated}"', f"give each its own {what}")
    for volume in spec.volumes:
        if volume.sub_path is not None and (volume.sub_path.startswith("/") or ".." in volume.sub_path.split("/")):
            problem = f'subPath "{volume.sub_path}" leads out of the volume'
            raise SpecError("spec.volumes", problem, "write a path inside it, without a leading / and without ..")
        if volume.name in OUR_VOLUMES:
            raise SpecError("spec.volumes", f'the platform has a volume "{volume.name}" of its own', "use another name")
        if volume.mount_path == paths.ROOT or volume.mount_path.startswith(f"{paths.ROOT}/"):
            raise SpecError("spec.volumes", f'"{volume.mount_path}" is below {paths.ROOT}, where the platform mounts', "mount it elsewhere")
        if sum(getattr(volume, source) is not None for source in SOURCES) != 1:
            raise SpecError(
                "spec.volumes", f'"{volume.name}" needs exactly one source', "set one of configMap, secret, emptyDir, persistentVolumeClaim"
            )


def _check_placement(spec: AgentExecutorSpec) -> None:
    for toleration in spec.placement.tolerations:
        problem, remedy = _toleration_fault(toleration)
        if problem:
            raise SpecError("spec.placement.tolerations", problem, remedy)
    repeated = first_repeated(spread.topology_key for spread in spec.placement.topology_spread)
    if repeated:
        raise SpecError("spec.placement.topologySpread", f'"{repeated}" is listed twice', "list each topologyKey once")


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

"""What a claim says of its container: environment, volumes, probes, resources."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from zerotouch_function.fields.base import DnsLabel, Fields, KeyText, ObjectName, UrlPath
from zerotouch_function.fields.quantity import Cpu, Memory

EnvName = Annotated[str, StringConstraints(pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]*$", max_length=253)]
MountPath = Annotated[str, StringConstraints(pattern=r"^/[^:]*$", max_length=1024)]


class KeyRef(Fields):
    """One key of a Secret or ConfigMap."""

    name: ObjectName
    key: KeyText
    optional: bool | None = None


class FieldRef(Fields):
    """A field of the pod, such as `metadata.uid`."""

    field_path: KeyText
    api_version: str | None = None


class ResourceFieldRef(Fields):
    """A request or limit of a container, such as `limits.memory`."""

    resource: KeyText
    container_name: str | None = None
    divisor: str | None = None


class EnvSource(Fields):
    """Where a variable's value comes from: exactly one of these."""

    secret_key_ref: KeyRef | None = None
    config_map_key_ref: KeyRef | None = None
    field_ref: FieldRef | None = None
    resource_field_ref: ResourceFieldRef | None = None


class EnvVar(Fields):
    """One environment variable, in Kubernetes' own shape."""

    name: EnvName
    value: Annotated[str, StringConstraints(max_length=16384)] | None = None
    value_from: EnvSource | None = None


class ConfigMapVolume(Fields):
    name: ObjectName
    optional: bool | None = None


class SecretVolume(Fields):
    secret_name: ObjectName
    optional: bool | None = None


class EmptyDirVolume(Fields):
    size_limit: Memory | None = None
    medium: Literal["", "Memory"] | None = None


class ClaimVolume(Fields):
    claim_name: ObjectName


class Volume(Fields):
    """A volume of the pod and where every container of the claim mounts it; exactly one source."""

    name: DnsLabel
    mount_path: MountPath
    sub_path: Annotated[str, StringConstraints(max_length=1024)] | None = None
    read_only: bool = False
    config_map: ConfigMapVolume | None = None
    secret: SecretVolume | None = None
    empty_dir: EmptyDirVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None


class Probes(Fields):
    """How the kubelet asks the container about itself, over HTTP on its port."""

    enabled: bool = True
    liveness_path: UrlPath = "/health"
    readiness_path: UrlPath = "/ready"
    startup_seconds: Annotated[int, Field(ge=10, le=3600)] = 300
    """Seconds that a container may take until `liveness_path` answers for the first time."""


class ResourceAmounts(Fields):
    cpu: Cpu | None = None
    memory: Memory | None = None


class Resources(Fields):
    """Overrides parts of the size; what is not said here stays as the size has it."""

    requests: ResourceAmounts = ResourceAmounts()
    limits: ResourceAmounts = ResourceAmounts()

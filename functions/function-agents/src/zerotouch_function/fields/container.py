"""What a claim says of its container: environment, volumes, probes, resources."""

from typing import Annotated, Literal

from msgspec import Meta

from zerotouch_function.fields.base import QUALIFIED, DnsLabel, Fields, Flag, KeyText, ObjectName, UrlPath, Whole
from zerotouch_function.fields.quantity import Cpu, Divisor, Memory, Quantities

Size = Literal["small", "medium", "large"]
"""How much a pod may use, by name; `resources/sizes.py` has the amounts."""

ImageReference = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=512,
        pattern=r"^([a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?/)?[a-z0-9]+(([.]|_{1,2}|-+|/)[a-z0-9]+)*"
        r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[a-z0-9]+:[a-f0-9]{32,128})?\Z",
        description="registry/path:tag or registry/path@sha256:digest, with the path in lowercase",
    ),
]
"""`registry/path:tag@digest`, as the distribution specification defines a reference."""

EnvName = Annotated[str, Meta(pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]*\Z", max_length=253, description="a name such as LOG_LEVEL")]
MountPath = Annotated[str, Meta(pattern=r"^/[^:]*\Z", max_length=1024, description='an absolute path without ":", such as /data')]

PodField = Annotated[
    str,
    Meta(
        max_length=512,
        pattern=rf"^(metadata\.(name|namespace|uid|labels\['{QUALIFIED}'\]|annotations\['(?i:{QUALIFIED})'\])|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))\Z",
        description="a field such as metadata.uid, metadata.labels['tier'], spec.nodeName or status.podIP",
    ),
]
"""A field of the pod that Kubernetes lets a container read."""


class KeyRef(Fields, frozen=True):
    """One key of a Secret or ConfigMap."""

    name: ObjectName
    key: KeyText
    optional: Flag | None = None


class FieldRef(Fields, frozen=True):
    """A field of the pod, such as `metadata.uid`."""

    field_path: PodField
    api_version: Literal["v1"] | None = None


class ResourceFieldRef(Quantities, frozen=True):
    """A request or limit of a container, such as `limits.memory`."""

    resource: Literal[
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.ephemeral-storage",
    ]
    container_name: DnsLabel | None = None
    divisor: Divisor | None = None


class EnvSource(Fields, frozen=True):
    """Where a variable's value comes from: exactly one of these."""

    secret_key_ref: KeyRef | None = None
    config_map_key_ref: KeyRef | None = None
    field_ref: FieldRef | None = None
    resource_field_ref: ResourceFieldRef | None = None


class EnvVar(Fields, frozen=True):
    """One environment variable, in Kubernetes' own shape."""

    name: EnvName
    value: Annotated[str, Meta(max_length=16384)] | None = None
    value_from: EnvSource | None = None


class ConfigMapVolume(Fields, frozen=True):
    name: ObjectName
    optional: Flag | None = None


class SecretVolume(Fields, frozen=True):
    secret_name: ObjectName
    optional: Flag | None = None


class EmptyDirVolume(Quantities, frozen=True):
    size_limit: Memory | None = None
    medium: Literal["", "Memory"] | None = None


class ClaimVolume(Fields, frozen=True):
    claim_name: ObjectName


class Volume(Fields, frozen=True):
    """A volume of the pod and where every container of the claim mounts it; exactly one source."""

    name: DnsLabel
    mount_path: MountPath
    sub_path: Annotated[str, Meta(max_length=1024)] | None = None
    read_only: Flag = False
    config_map: ConfigMapVolume | None = None
    secret: SecretVolume | None = None
    empty_dir: EmptyDirVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None


class Probes(Fields, frozen=True):
    """How the kubelet asks the container about itself, over HTTP on its port."""

    enabled: Flag = True
    liveness_path: UrlPath = "/health"
    readiness_path: UrlPath = "/ready"
    startup_seconds: Annotated[Whole, Meta(ge=10, le=3600)] = 300
    """Seconds that a container may take until `liveness_path` answers for the first time."""


class ResourceAmounts(Quantities, frozen=True):
    cpu: Cpu | None = None
    memory: Memory | None = None


class Resources(Fields, frozen=True):
    """Overrides parts of the size; what is not said here stays as the size has it."""

    requests: ResourceAmounts = ResourceAmounts()
    limits: ResourceAmounts = ResourceAmounts()


class Security(Fields, frozen=True):
    """The Pod Security Standard that the pods keep to, and the group that their volumes belong to."""

    profile: Literal["restricted", "baseline"] = "restricted"
    fs_group: Annotated[Whole, Meta(ge=1, le=2**31 - 1)] | None = None
    """Id of the group; None leaves volumes as they are."""

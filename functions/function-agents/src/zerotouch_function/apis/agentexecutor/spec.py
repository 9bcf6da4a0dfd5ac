"""What an AgentExecutor claim can say.

The fields, defaults and bounds are those of `apis/agentexecutors/definition.yaml`, where users read about them; a test holds the two
together. Crossplane's own fields beside ours (`claimRef`, `compositionRef`, ...) are passed over.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from zerotouch_function.fields.base import Annotations, Argument, Fields, Flag, Labels, ObjectName, OptionalName, Whole
from zerotouch_function.fields.container import EnvVar, Probes, Resources, Size, Volume
from zerotouch_function.fields.placement import Placement
from zerotouch_function.fields.scaling import Scaling

JetStreamName = Annotated[str, StringConstraints(pattern=r"^[^\s.*>/\\]+$", min_length=1, max_length=255)]
"""NATS forbids white space, `.`, `*`, `>` and path separators in stream and consumer names."""

ImageReference = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=512,
        pattern=r"^([a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?/)?[a-z0-9]+(([.]|_{1,2}|-+|/)[a-z0-9]+)*"
        r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[a-z0-9]+:[a-f0-9]{32,128})?$",
    ),
]
"""`registry/path:tag@digest`, as the distribution specification defines a reference."""


class Migrations(Fields):
    """What runs before the container: in every pod (`init`), or once per release (`job`)."""

    enabled: Flag = True
    command: Annotated[tuple[Argument, ...], Field(min_length=1, max_length=32)] = ("/bin/sh", "-c", "scripts/ci/run-migrations.sh")
    mode: Literal["init", "job"] = "init"


class Security(Fields):
    """The Pod Security Standard that the pods keep to."""

    profile: Literal["restricted", "baseline"] = "restricted"


class Nats(Fields):
    """How to reach the NATS servers beyond their URL."""

    monitoring_endpoint: Annotated[str, StringConstraints(pattern=r"^(https?://)?[A-Za-z0-9.-]+:[0-9]{1,5}$", max_length=260)] | None = None
    account: Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=128)] = "$G"
    credentials_secret: OptionalName = ""
    ca_secret: OptionalName = ""


class AgentExecutorSpec(Fields):
    """The whole spec, defaults filled in."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)

    image: ImageReference
    size: Size = "medium"
    nats_url: Annotated[str, StringConstraints(pattern=r"^(nats|tls|ws|wss)://\S+$", max_length=1024)] = "nats://nats.nats.svc:4222"
    nats_stream_name: JetStreamName
    nats_consumer_group: JetStreamName
    postgres_connection_secret: OptionalName = "postgres-connection"
    dragonfly_connection_secret: OptionalName = "dragonfly-connection"
    llm_keys_secret: OptionalName = "llm-keys"
    image_pull_secrets: Annotated[tuple[ObjectName, ...], Field(max_length=16)] = ()

    port: Annotated[Whole, Field(ge=1, le=65535)] = 8080
    command: Annotated[tuple[Argument, ...], Field(max_length=32)] = ()
    args: Annotated[tuple[Argument, ...], Field(max_length=64)] = ()
    env: Annotated[tuple[EnvVar, ...], Field(max_length=64)] = ()
    volumes: Annotated[tuple[Volume, ...], Field(max_length=16)] = ()
    migrations: Migrations = Migrations()
    probes: Probes = Probes()
    scaling: Scaling = Scaling()
    resources: Resources = Resources()
    security: Security = Security()
    nats: Nats = Nats()
    service_account_annotations: Annotations = {}
    placement: Placement = Field(default_factory=Placement)
    termination_grace_period_seconds: Annotated[Whole, Field(ge=10, le=86400)] = 120
    pod_labels: Labels = {}
    pod_annotations: Annotations = {}

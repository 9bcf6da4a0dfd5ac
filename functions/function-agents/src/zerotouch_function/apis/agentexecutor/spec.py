"""What an AgentExecutor claim can say.

The fields, defaults and bounds are those of `apis/agentexecutors/definition.yaml`, where users read about them; a test holds the two
together. Crossplane's own fields beside ours (`claimRef`, `compositionRef`, ...) are passed over.
"""

from typing import Annotated, Literal

from msgspec import Meta

from zerotouch_function.fields.base import Annotations, Argument, Fields, Flag, Labels, ObjectName, OptionalName, Whole
from zerotouch_function.fields.container import EnvVar, ImageReference, Probes, Resources, Security, Size, Volume
from zerotouch_function.fields.placement import Placement
from zerotouch_function.fields.scaling import Scaling

JetStreamName = Annotated[str, Meta(pattern=r"^[^\s.*>/\\]+\Z", min_length=1, max_length=255, description='letters, digits, "-" and "_"')]
"""NATS forbids white space, `.`, `*`, `>` and path separators in stream and consumer names."""

NatsUrl = Annotated[
    str,
    Meta(pattern=r"^(nats|tls|ws|wss)://\S+\Z", max_length=1024, description="nats://host:4222, several with commas and without spaces"),
]
Endpoint = Annotated[
    str, Meta(pattern=r"^(https?://)?[A-Za-z0-9.-]+:[0-9]{1,5}\Z", max_length=260, description="host:port, such as nats:8222")
]


class Migrations(Fields, frozen=True):
    """What runs before the container: in every pod (`init`), or once per release (`job`)."""

    enabled: Flag = True
    command: Annotated[tuple[Argument, ...], Meta(min_length=1, max_length=32)] = ("/bin/sh", "-c", "scripts/ci/run-migrations.sh")
    mode: Literal["init", "job"] = "init"


class Nats(Fields, frozen=True):
    """How to reach the NATS servers beyond their URL."""

    monitoring_endpoint: Endpoint | None = None
    account: Annotated[str, Meta(pattern=r"^\S+\Z", max_length=128, description="an account without spaces")] = "$G"
    credentials_secret: OptionalName = ""
    ca_secret: OptionalName = ""


class AgentExecutorSpec(Fields, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The whole spec, defaults filled in."""

    image: ImageReference
    size: Size = "medium"
    nats_url: NatsUrl = "nats://nats.nats.svc:4222"
    nats_stream_name: JetStreamName
    nats_consumer_group: JetStreamName
    postgres_connection_secret: OptionalName = "postgres-connection"
    dragonfly_connection_secret: OptionalName = "dragonfly-connection"
    llm_keys_secret: OptionalName = "llm-keys"
    image_pull_secrets: Annotated[tuple[ObjectName, ...], Meta(max_length=16)] = ()

    port: Annotated[Whole, Meta(ge=1, le=65535)] = 8080
    command: Annotated[tuple[Argument, ...], Meta(max_length=32)] = ()
    args: Annotated[tuple[Argument, ...], Meta(max_length=64)] = ()
    env: Annotated[tuple[EnvVar, ...], Meta(max_length=64)] = ()
    volumes: Annotated[tuple[Volume, ...], Meta(max_length=16)] = ()
    migrations: Migrations = Migrations()
    probes: Probes = Probes()
    scaling: Scaling = Scaling()
    resources: Resources = Resources()
    security: Security = Security()
    nats: Nats = Nats()
    service_account_annotations: Annotations = {}
    placement: Placement = Placement()
    termination_grace_period_seconds: Annotated[Whole, Meta(ge=10, le=86400)] = 120
    pod_labels: Labels = {}
    pod_annotations: Annotations = {}

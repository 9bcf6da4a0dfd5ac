"""What an AgentType claim can say.

The fields, defaults and bounds are those of `apis/agenttypes/definition.yaml`, where users read about them; a test holds the two
together. Crossplane's own fields beside ours (`claimRef`, `compositionRef`, ...) are passed over.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

from zerotouch_function.apis.agenttype.llm import Llm
from zerotouch_function.fields.base import Annotations, Argument, DnsLabel, Fields, Labels, ObjectName, OptionalName, Whole
from zerotouch_function.fields.container import EnvVar, ImageReference, Resources, Security, Size, Volume
from zerotouch_function.fields.placement import Placement

OptionalPath = Annotated[str, Meta(pattern=r"^(/\S*)?\Z", max_length=1024)]
"""Path of a URL, or empty: nothing is asked."""

Port = Annotated[Whole, Meta(ge=1, le=65535)]
Text = Annotated[str, Meta(min_length=1, max_length=2048)]
ShortText = Annotated[str, Meta(min_length=1, max_length=128)]
Tag = Annotated[str, Meta(min_length=1, max_length=63)]


OCTET: Final = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
"""Of an IPv4 address: 0 to 255."""

Cidr = Annotated[
    str,
    Meta(
        max_length=43,
        pattern=rf"^({OCTET}(\.{OCTET}){{3}}/([0-9]|[12][0-9]|3[0-2])|[0-9a-f:]+/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))\Z",
        description="address/bits, such as 10.20.0.0/16",
    ),
]
"""A range of IP addresses."""


class Code(Fields, frozen=True):
    """Files from a ConfigMap, in an image that can run them."""

    config_map: ObjectName
    entrypoint: Annotated[str, Meta(pattern=r"^[-._a-zA-Z0-9]+\.(py|js|mjs|cjs)\Z", min_length=1, max_length=253)]
    runtime_image: ImageReference


class Probes(Fields, frozen=True):
    """How the platform asks the agent about itself, over HTTP on its port."""

    liveness_path: OptionalPath = ""
    readiness_path: OptionalPath = ""
    startup_seconds: Annotated[Whole, Meta(ge=10, le=3600)] = 300


class Agent(Fields, frozen=True):
    """The container that runs: an image, or code."""

    image: ImageReference | None = None
    code: Code | None = None
    command: Annotated[tuple[Argument, ...], Meta(max_length=32)] = ()
    args: Annotated[tuple[Argument, ...], Meta(max_length=64)] = ()
    port: Port = 8080
    env: Annotated[tuple[EnvVar, ...], Meta(max_length=64)] = ()
    volumes: Annotated[tuple[Volume, ...], Meta(max_length=16)] = ()
    probes: Probes = Probes()


class PythonWrapper(Fields, frozen=True):
    python_path: Annotated[str, Meta(pattern=r"^\S*\Z", max_length=4096)] = ""


class NodeWrapper(Fields, frozen=True):
    options: Annotated[str, Meta(max_length=4096)] = ""


class Wrapper(Fields, frozen=True):
    """What is loaded into the agent's own process."""

    mode: Literal["initContainer", "none"] = "initContainer"
    failure_policy: Literal["Ignore", "Fail"] = "Ignore"
    python: PythonWrapper = PythonWrapper()
    node: NodeWrapper = NodeWrapper()


class Sidecar(Fields, frozen=True):
    resources: Resources = Resources()
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Skill(Fields, frozen=True):
    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\Z", min_length=1, max_length=63)]
    name: ShortText
    description: Text
    tags: Annotated[tuple[Tag, ...], Meta(max_length=16)] = ()


class Card(Fields, frozen=True):
    """What the agent tells other agents about itself."""

    name: ShortText
    description: Text
    version: Annotated[str, Meta(min_length=1, max_length=63)] = "1.0.0"
    skills: Annotated[tuple[Skill, ...], Meta(max_length=32)] = ()


class Nats(Fields, frozen=True):
    """Where pods keep what they share; an empty URL means nowhere."""

    url: Annotated[str, Meta(pattern=r"^((nats|tls)://\S+)?\Z", max_length=1024)] = ""
    credentials_secret: OptionalName = ""
    ca_secret: OptionalName = ""
    replicas: Annotated[Whole, Meta(ge=1, le=5)] = 1


class Scaling(Fields, frozen=True):
    """A fixed number of pods, or bounds between which they follow their CPU."""

    replicas: Annotated[Whole, Meta(ge=0, le=1000)] | None = None
    min_replicas: Annotated[Whole, Meta(ge=1, le=1000)] | None = None
    max_replicas: Annotated[Whole, Meta(ge=1, le=1000)] | None = None
    cpu_utilization_percent: Annotated[Whole, Meta(ge=1, le=1000)] | None = None


class Egress(Fields, frozen=True):
    """A namespace or a range of addresses, and the ports there; no ports means every one."""

    namespace: DnsLabel | None = None
    cidr: Cidr | None = None
    ports: Annotated[tuple[Port, ...], Meta(max_length=16)] = ()


class Network(Fields, frozen=True):
    policy: Literal["none", "restricted"] = "none"
    egress: Annotated[tuple[Egress, ...], Meta(max_length=32)] = ()


class Tracing(Fields, frozen=True):
    endpoint: Annotated[str, Meta(pattern=r"^(https?://[^\s?#@]+)?\Z", max_length=1024)] = ""
    sample_percent: Annotated[Whole, Meta(ge=0, le=100)] = 100


class Observability(Fields, frozen=True):
    tracing: Tracing = Tracing()


class AgentTypeSpec(Fields, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The whole spec, defaults filled in."""

    agent: Agent
    image_pull_secrets: Annotated[tuple[ObjectName, ...], Meta(max_length=16)] = ()
    size: Size = "medium"
    resources: Resources = Resources()
    wrapper: Wrapper = Wrapper()
    sidecar: Sidecar = Sidecar()
    llm: Llm = Llm()
    card: Card | None = None
    nats: Nats = Nats()
    scaling: Scaling = Scaling()
    security: Security = Security()
    network: Network = Network()
    observability: Observability = Observability()
    service_account_annotations: Annotations = {}
    placement: Placement = Placement()
    termination_grace_period_seconds: Annotated[Whole, Meta(ge=10, le=86400)] = 120
    pod_labels: Labels = {}
    pod_annotations: Annotations = {}

    @property
    def image(self) -> str:
        """What the agent's container runs: its own image, or the one that runs its code."""
        return self.agent.code.runtime_image if self.agent.code else self.agent.image or ""

    @property
    def has_wrapper(self) -> bool:
        return self.wrapper.mode != "none"

    @property
    def scales_on_cpu(self) -> bool:
        return self.scaling.max_replicas is not None

"""The fields of sidecar.json, in the document's order. `rules.py` has what holds between them.

`Meta` bounds and describes a field in the published schema too, so nothing is said twice.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta

from zerotouch_sidecar.config.base import Document, Path, Port, Seconds
from zerotouch_sidecar.config.llm import Llm


class Card(Document, frozen=True, kw_only=True):
    """The agent's A2A card, for an agent that serves none."""

    name: Annotated[str, Meta(min_length=1, max_length=253)]
    description: Annotated[str, Meta(max_length=4096)] = ""
    version: Annotated[str, Meta(min_length=1, max_length=63)] = "1.0.0"
    url: Annotated[str, Meta(min_length=1, max_length=2048, description="Where other agents reach this one.")]
    skills: Annotated[list[dict[str, Any]], Meta(max_length=64, description="A2A AgentSkill objects.")] = []


class Agent(Document, frozen=True, kw_only=True):
    """The program in the pod."""

    name: Annotated[str, Meta(min_length=1, max_length=253)]
    namespace: Annotated[str, Meta(max_length=63)] = ""
    port: Annotated[Port, Meta(description="Where it listens, on the pod's loopback.")] = 8080
    readiness_path: Annotated[str, Meta(max_length=1024, pattern="^(/.*)?$", description="Empty: a TCP connection is enough.")] = ""
    card: Card | None = None


class Wrapper(Document, frozen=True, kw_only=True):
    """What is known of the wrapper in the agent's container."""

    mode: Literal["initContainer", "none"] = "initContainer"
    failure_policy: Annotated[Literal["Ignore", "Fail"], Meta(description="Fail: without its report the pod is not ready.")] = "Ignore"


class Ingress(Document, frozen=True, kw_only=True):
    """The way in."""

    max_request_bytes: Annotated[int, Meta(ge=0, le=2**40, description="Of a request's body; 0: no bound.")] = 0
    max_header_bytes: Annotated[int, Meta(ge=1024, le=1_048_576)] = 65536
    idle_timeout_seconds: Annotated[float, Meta(ge=1, le=86400, description="Without a byte in either direction.")] = 600.0
    max_connections: Annotated[int, Meta(ge=1, le=65536)] = 1024
    drain_seconds: Annotated[Seconds, Meta(description="For requests under way when the pod ends.")] = 30.0


class Nats(Document, frozen=True, kw_only=True):
    """Where budgets are held for all pods together."""

    url: Annotated[str, Meta(min_length=1, max_length=2048)]
    credentials_file: Path = ""
    ca_file: Path = ""
    replicas: Annotated[int, Meta(ge=1, le=5, description="Of the bucket that budgets are kept in.")] = 1


class Tracing(Document, frozen=True, kw_only=True):
    """Spans for an OpenTelemetry collector."""

    endpoint: Annotated[str, Meta(max_length=2048, description="OTLP over HTTP, without /v1/traces; empty: off.")] = ""
    sample_ratio: Annotated[float, Meta(ge=0, le=1, description="Of requests that come without a trace.")] = 0.0


class Observability(Document, frozen=True, kw_only=True):
    """What is told about the sidecar's work."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    tracing: Tracing = Tracing()


class Configuration(Document, frozen=True, kw_only=True):
    """The whole of sidecar.json."""

    schema_version: Literal[1]
    agent: Agent
    wrapper: Wrapper = Wrapper()
    ingress: Ingress = Ingress()
    llm: Llm = Llm()
    nats: Nats | None = None
    observability: Observability = Observability()

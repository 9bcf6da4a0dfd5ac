"""An AgentExecutor claim on the cluster, and what its author would look at."""

import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from tests.e2e.cluster import Manifest, condition, is_true, port_forward
from tests.e2e.namespace import Namespace
from tests.e2e.streams import Queue

T = TypeVar("T")

API_VERSION: Final = "platform.bizmatters.io/v1alpha1"
KIND: Final = "agentexecutors.platform.bizmatters.io"
CONDITIONS: Final = ("SpecValid", "WorkloadReady", "ScalerReady", "Synced", "Ready")
COMPOSED: Final = {"deployment": "", "service": "", "serviceaccount": "", "scaledobject": "-scaler"}
"""What a claim becomes: kinds, and what each adds to the claim's name."""

MAX_REPLICAS: Final = 4
COOLDOWN_SECONDS: Final = 5
TINY: Final[Manifest] = {"requests": {"cpu": "20m", "memory": "64Mi"}}
"""Requests small enough for many pods on one node."""

REQUEST_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, by name; every look reads the cluster."""

    namespace: Namespace
    name: str

    def update(self, spec: Manifest) -> None:
        """Changes these fields of the spec and leaves the others."""
        self.namespace.patch(KIND, self.name, {"spec": spec})

    def delete(self) -> None:
        self.namespace.delete(KIND, self.name)

    def get(self) -> Manifest:
        return self.namespace.get(KIND, self.name) or {}

    def status(self) -> Manifest:
        return self.get().get("status") or {}

    def condition(self, kind: str) -> Manifest:
        return condition(self.get(), kind)

    def composed(self, kind: str) -> Manifest:
        return self.namespace.get(kind, self.name + COMPOSED[kind]) or {}

    def composite(self) -> str:
        """Name of the composite resource, which is cluster-scoped."""
        return str(self.get()["spec"]["resourceRef"]["name"])

    def uids(self) -> Mapping[str, str]:
        """The identity of each composed object: changes when one is deleted and made again."""
        return {kind: self.composed(kind).get("metadata", {}).get("uid", "") for kind in COMPOSED}

    def pods(self) -> list[Manifest]:
        """The claim's pods that are not about to end."""
        return [pod for pod in self.namespace.find("pods", f"app={self.name}") if not pod["metadata"].get("deletionTimestamp")]

    def running(self) -> list[str]:
        """Names of the claim's ready pods, sorted."""
        return sorted(pod["metadata"]["name"] for pod in self.pods() if is_true(pod, "Ready"))

    def wanted(self) -> int | None:
        """Pods that the Deployment is told to run; None while nothing has told it."""
        replicas = (self.composed("deployment").get("spec") or {}).get("replicas")
        return None if replicas is None else int(replicas)

    def is_ready(self) -> bool:
        """Whether the claim says Ready, and says it of its current image."""
        claim = self.get()
        if not claim or not all(is_true(claim, kind) for kind in CONDITIONS):
            return False
        return bool(claim.get("status", {}).get("image") == claim["spec"]["image"])

    def wait_ready(self, *, timeout_seconds: float = 180) -> None:
        self.wait_for("is ready", self.is_ready, timeout_seconds=timeout_seconds)

    def wait_condition(self, kind: str, status: str, *, containing: str = "", timeout_seconds: float = 120) -> str:
        """Waits until the condition has that status and its message that text; returns the message."""

        def probe() -> Manifest | None:
            found = self.condition(kind)
            return found if found.get("status") == status and containing in found.get("message", "") else None

        what = f"has {kind}={status}" + (f" with a message that has {containing!r}" if containing else "")
        return str(self.wait_for(what, probe, timeout_seconds=timeout_seconds).get("message", ""))

    def wait_for(self, what: str, probe: Callable[[], T | None], *, timeout_seconds: float = 120) -> T:
        return self.namespace.wait_for(f"Claim {self.name} {what}", probe, timeout_seconds=timeout_seconds)

    def ask(self, path: str = "/") -> Manifest:
        """What the claim's Service answers."""
        with port_forward(self.namespace.name, f"svc/{self.name}", 8080) as port:
            response = urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=REQUEST_SECONDS)
            answer: Manifest = json.load(response)
            return answer


def manifest(name: str, fields: Manifest) -> Manifest:
    return {"apiVersion": API_VERSION, "kind": "AgentExecutor", "metadata": {"name": name}, "spec": fields}


def spec(image: str, queue: Queue, *, scaling: Manifest | None = None, **fields: object) -> Manifest:
    """A spec with small pods and a short cooldown; further fields are added as they are."""
    return {
        "image": image,
        "size": "small",
        **({} if queue.nats_namespace == "nats" else {"natsUrl": f"nats://nats.{queue.nats_namespace}.svc:4222"}),
        "natsStreamName": queue.stream,
        "natsConsumerGroup": queue.consumer,
        "scaling": {"maxReplicas": MAX_REPLICAS, "cooldownSeconds": COOLDOWN_SECONDS, **(scaling or {})},
        "resources": TINY,
        **fields,
    }


def secrets() -> list[Manifest]:
    """The Secrets whose names are the claim's defaults; the LLM keys are optional, so one is left out."""
    contents = {
        "postgres-connection": {
            "POSTGRES_HOST": "postgres.databases-primary.svc",
            "POSTGRES_PORT": "5432",
            "POSTGRES_DB": "orders",
            "POSTGRES_USER": "worker",
            "POSTGRES_PASSWORD": "not-a-real-password",
        },
        "dragonfly-connection": {
            "DRAGONFLY_HOST": "dragonfly.databases-primary.svc",
            "DRAGONFLY_PORT": "6379",
            "DRAGONFLY_PASSWORD": "not-a-real-password",
        },
        "llm-keys": {"OPENAI_API_KEY": "not-a-real-key"},
    }
    return [secret(name, data) for name, data in contents.items()]


def secret(name: str, data: Mapping[str, str]) -> Manifest:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": dict(data)}

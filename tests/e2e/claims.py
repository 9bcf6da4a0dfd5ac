"""A claim on the cluster, and what its author would look at; and AgentExecutors as the tests write them."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from tests.e2e.apis import AGENT_EXECUTOR, Api
from tests.e2e.cluster import Manifest, condition, is_true, port_forward
from tests.e2e.namespace import Namespace
from tests.e2e.streams import Queue

T = TypeVar("T")

MAX_REPLICAS: Final = 4
COOLDOWN_SECONDS: Final = 5
TINY: Final[Manifest] = {"requests": {"cpu": "20m", "memory": "64Mi"}}
"""Requests small enough for many pods on one node."""

REQUEST_SECONDS: Final = 30
NO_HEADERS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, by name; every look reads the cluster."""

    namespace: Namespace
    name: str
    api: Api = AGENT_EXECUTOR

    def update(self, spec: Manifest) -> None:
        """Changes these fields of the spec and leaves the others."""
        self.namespace.patch(self.api.resource, self.name, {"spec": spec})

    def delete(self) -> None:
        self.namespace.delete(self.api.resource, self.name)

    def get(self) -> Manifest:
        return self.namespace.get(self.api.resource, self.name) or {}

    def status(self) -> Manifest:
        return self.get().get("status") or {}

    def condition(self, kind: str) -> Manifest:
        return condition(self.get(), kind)

    def composed(self, kind: str) -> Manifest:
        return self.namespace.get(kind, self.name + self.api.composed[kind]) or {}

    def composite(self) -> str:
        """Name of the composite resource, which is cluster-scoped."""
        return str(self.get()["spec"]["resourceRef"]["name"])

    def uids(self) -> Mapping[str, str]:
        """The identity of each composed object: changes when one is deleted and made again."""
        return {kind: self.composed(kind).get("metadata", {}).get("uid", "") for kind in self.api.composed}

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
        if not claim or not all(is_true(claim, kind) for kind in self.api.conditions):
            return False
        return bool(claim.get("status", {}).get("image") == self.api.image(claim))

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

    def ask(self, path: str = "/", question: str | None = None, headers: Mapping[str, str] = NO_HEADERS) -> Manifest:
        """What the claim's Service answers, whatever its status is; a question is posted."""
        with port_forward(self.namespace.name, f"svc/{self.name}", 8080) as port:
            body = None if question is None else question.encode()
            try:
                request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, dict(headers))
                response = urllib.request.urlopen(request, timeout=REQUEST_SECONDS)
            except urllib.error.HTTPError as error:
                response = error
            answer: Manifest = json.load(response)
            return answer


def manifest(name: str, fields: Manifest) -> Manifest:
    return AGENT_EXECUTOR.manifest(name, fields)


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

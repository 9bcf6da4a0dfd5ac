"""One namespace of the cluster: what is in it, and waiting for it to change."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, TypeVar

from tests.e2e.apis import APIS
from tests.e2e.cluster import Manifest, apply, find, get, holds, kubectl, wait_for
from tests.e2e.report import report

T = TypeVar("T")

DELETE_SECONDS: Final = 180


def namespace_manifest(name: str, *, pod_security: str) -> Manifest:
    """A namespace for claims, whose pods NATS lets in."""
    labels = {
        "layer": "tests",
        "category": name.removeprefix("tests-"),
        "platform.bizmatters.io/nats-client": "true",
        "pod-security.kubernetes.io/enforce": pod_security,
    }
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


@dataclass(frozen=True, slots=True)
class Namespace:
    """One namespace; what waits in it fails with a report of it."""

    name: str

    def apply(self, *manifests: Manifest) -> None:
        apply(*({**m, "metadata": {**m["metadata"], "namespace": self.name}} for m in manifests))

    def get(self, kind: str, name: str) -> Manifest | None:
        return get(kind, name, self.name)

    def find(self, kind: str, selector: str = "") -> list[Manifest]:
        return find(kind, self.name, selector)

    def patch(self, kind: str, name: str, change: Manifest) -> None:
        kubectl("-n", self.name, "patch", kind, name, "--type=merge", "-p", json.dumps(change))

    def delete(self, kind: str, *names: str) -> None:
        """Asks for the deletion and does not wait for it."""
        kubectl("-n", self.name, "delete", kind, *names, "--ignore-not-found", "--wait=false")

    def delete_all(self, kind: str) -> None:
        """Deletes all objects of the kind and waits until they are gone."""
        kubectl("-n", self.name, "delete", kind, "--all", "--wait=false")
        self.wait_for(f"All {kind} are gone", lambda: not self.find(kind))

    def everything(self) -> set[str]:
        """Names of all objects here, as `deployment.apps/x`, but for events; with what Kubernetes puts into every namespace."""
        kinds = kubectl("api-resources", "--namespaced", "--verbs=list,delete", "-o", "name").split()
        listed = ",".join(kind for kind in kinds if not kind.startswith("events"))
        found = set(kubectl("-n", self.name, "get", listed, "-o", "name").split())
        return found | {"configmap/kube-root-ca.crt", "serviceaccount/default"}

    def logs(self, pod: str, *arguments: str) -> str:
        return kubectl("-n", self.name, "logs", pod, *arguments)

    def wait_for(self, what: str, probe: Callable[[], T | None], *, timeout_seconds: float = 120) -> T:
        return wait_for(what, probe, timeout_seconds=timeout_seconds, explain=self.report)

    def holds(self, what: str, probe: Callable[[], bool], *, seconds: float) -> None:
        holds(what, probe, seconds=seconds, explain=self.report)

    def report(self) -> str:
        return report(self.name)

    def remove(self) -> None:
        """Deletes its claims, waits until they are gone, and asks for its own deletion."""
        for api in APIS:
            self.delete_all(api.resource)
        kubectl("delete", "namespace", self.name, "--ignore-not-found", "--wait=false")

    def wait_gone(self) -> None:
        kubectl("wait", "namespace", self.name, "--for=delete", f"--timeout={DELETE_SECONDS}s", timeout_seconds=DELETE_SECONDS + 10)


def remove_all(namespaces: Sequence[Namespace]) -> None:
    """Removes each, and then waits for each, whatever becomes of the others; raises what failed."""
    with ExitStack() as stack:  # last in, first out
        for namespace in reversed(namespaces):
            stack.callback(namespace.wait_gone)
        for namespace in reversed(namespaces):
            stack.callback(namespace.remove)

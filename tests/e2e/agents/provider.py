"""The mock provider on the cluster: a Deployment and a Service, and the way to tell it how to behave."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from tests.e2e.claims import TINY
from tests.e2e.cluster import Manifest, is_true, port_forward
from tests.e2e.namespace import Namespace
from tests.e2e.probing import CONFINED

PORT: Final = 8080
REQUEST_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Provider:
    """One mock provider, by the name of its Service."""

    namespace: Namespace
    name: str

    @property
    def url(self) -> str:
        return f"http://{self.name}.{self.namespace.name}.svc:{PORT}"

    def start(self, image: str) -> None:
        self.namespace.apply(*manifests(self.name, image))
        self.namespace.wait_for(f"Provider {self.name} runs", lambda: is_true(self._deployment(), "Available"))

    def stop(self) -> None:
        """Takes its pods away: whoever calls it is refused the connection."""
        self._scale(0)

    def resume(self) -> None:
        self._scale(1)

    def requests(self) -> list[Manifest]:
        """What it was asked so far: path, headers and body of each."""
        found: list[Manifest] = self._admin("GET", "requests")
        return found

    @contextmanager
    def behaving(self, mode: str, **settings: object) -> Iterator[None]:
        """Answers every request in that mode while the block runs; tests/mock_provider.py lists the modes."""
        self._admin("PUT", "behaviour", json.dumps({"mode": mode, **settings}).encode())
        try:
            yield
        finally:
            self._admin("PUT", "behaviour", b"{}")

    def _admin(self, method: str, what: str, body: bytes | None = None) -> Any:
        with port_forward(self.namespace.name, f"svc/{self.name}", PORT) as port:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/admin/{what}", body, method=method)
            return json.load(urllib.request.urlopen(request, timeout=REQUEST_SECONDS))

    def _scale(self, replicas: int) -> None:
        self.namespace.patch("deployment", self.name, {"spec": {"replicas": replicas}})
        self.namespace.wait_for(f"Provider {self.name} has {replicas} pods", lambda: self._is_scaled(replicas))

    def _is_scaled(self, replicas: int) -> bool:
        """Whether so many pods are ready and no other exists. A Deployment counts none that is ending, which still answers."""
        pods = self.namespace.find("pods", f"app={self.name}")
        return len(pods) == replicas and all(is_true(pod, "Ready") for pod in pods)

    def _deployment(self) -> Manifest:
        return self.namespace.get("deployment", self.name) or {}


def manifests(name: str, image: str) -> list[Manifest]:
    container = {
        "name": "provider",
        "image": image,
        "ports": [{"name": "http", "containerPort": PORT}],
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
        "resources": TINY,
        "securityContext": CONFINED,
    }
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    labels = {"app": name}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"selector": labels, "ports": [{"name": "http", "port": PORT, "targetPort": "http"}]},
        },
    ]

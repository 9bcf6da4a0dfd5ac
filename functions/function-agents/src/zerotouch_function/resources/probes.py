"""A container's probes."""

from typing import Final

from zerotouch_contract import ports
from zerotouch_function.fields.container import Probes
from zerotouch_function.manifest import Manifest

TIMEOUT_SECONDS: Final = 3
"""Kubernetes' default of 1 s restarts a busy but healthy Python process."""

STARTUP_PERIOD_SECONDS: Final = 5


def container_probes(probes: Probes) -> Manifest:
    """Liveness 30 s/10 s and readiness 10 s/5 s after the start, once the startup probe has passed; nothing where probes are off."""
    if not probes.enabled:
        return {}
    return {
        "startupProbe": {
            **http_probe(probes.liveness_path, ports.HTTP),
            "periodSeconds": STARTUP_PERIOD_SECONDS,
            "failureThreshold": -(-probes.startup_seconds // STARTUP_PERIOD_SECONDS),
        },
        "livenessProbe": {**http_probe(probes.liveness_path, ports.HTTP), "initialDelaySeconds": 30, "periodSeconds": 10},
        "readinessProbe": {**http_probe(probes.readiness_path, ports.HTTP), "initialDelaySeconds": 10, "periodSeconds": 5},
    }


def http_probe(path: str, port: str) -> Manifest:
    """Asks for that path on the container's port of that name."""
    return {"httpGet": {"path": path, "port": port}, "timeoutSeconds": TIMEOUT_SECONDS}

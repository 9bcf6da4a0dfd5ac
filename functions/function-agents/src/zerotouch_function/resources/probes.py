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
            **_http(probes.liveness_path),
            "periodSeconds": STARTUP_PERIOD_SECONDS,
            "failureThreshold": -(-probes.startup_seconds // STARTUP_PERIOD_SECONDS),
        },
        "livenessProbe": {**_http(probes.liveness_path), "initialDelaySeconds": 30, "periodSeconds": 10},
        "readinessProbe": {**_http(probes.readiness_path), "initialDelaySeconds": 10, "periodSeconds": 5},
    }


def _http(path: str) -> Manifest:
    return {"httpGet": {"path": path, "port": ports.HTTP}, "timeoutSeconds": TIMEOUT_SECONDS}

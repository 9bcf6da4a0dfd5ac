"""The KEDA ScaledObject that scales a Deployment on a JetStream consumer's lag."""

from typing import Final

from zerotouch_function.fields.claim import Claim
from zerotouch_function.fields.scaling import Scaling
from zerotouch_function.manifest import Manifest, Observation, part, parts, text, without_empty
from zerotouch_function.resources.metadata import object_meta

FALLBACK_FAILURES: Final = 3
"""Failed looks at the stream before the fallback applies (KEDA's documented example)."""

FASTEST_STEP_SECONDS: Final = 60
"""Scale-down takes at most one step in this time, or in a fifth of the cooldown where that is shorter."""

NAMED: Final = frozenset({"natsServerMonitoringEndpoint", "account", "stream", "consumer"})
"""What every trigger names of its queue."""

QUEUE: Final = NAMED | {"useHttps"}
"""What of a trigger says which queue is read (KEDA, scaler nats-jetstream)."""


def scaled_object(
    claim: Claim, *, component: str, scaling: Scaling, stream: str, consumer: str, account: str, monitoring_endpoint: str
) -> Manifest:
    """Scales the Deployment named as the claim.

    Args:
        claim: Whose pods to scale.
        component: Value of the component label.
        scaling: Bounds and pace.
        stream: JetStream stream.
        consumer: Durable consumer on it; waiting and unacknowledged messages count.
        account: NATS account that has the stream.
        monitoring_endpoint: `host:port`, with `https://` in front where it speaks TLS.
    """
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": object_meta(claim, component=component, name=scaler_name(claim)),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": claim.name},
            "minReplicaCount": scaling.min_replicas,
            "maxReplicaCount": scaling.max_replicas,
            **_idle(scaling),
            **_fallback(scaling),
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": _scale_down(scaling.cooldown_seconds)}}},
            "triggers": [
                {
                    "type": "nats-jetstream",
                    "metadata": {
                        "natsServerMonitoringEndpoint": monitoring_endpoint.rpartition("//")[2],
                        "account": account,
                        "stream": stream,
                        "consumer": consumer,
                        "lagThreshold": str(scaling.lag_threshold),
                        **({"useHttps": "true"} if monitoring_endpoint.startswith("https://") else {}),
                    },
                }
            ],
        },
    }


def with_queue_of(earlier: Observation, manifest: Manifest) -> Manifest:
    """The same ScaledObject on the queue of an earlier one, which somebody may have changed: if it still names one."""
    queue = {key: value for key, value in _queue(earlier).items() if key in QUEUE and text(value)}
    if not queue.keys() >= NAMED:
        return manifest
    (trigger,) = manifest["spec"]["triggers"]
    own = {key: value for key, value in trigger["metadata"].items() if key not in QUEUE}
    return {**manifest, "spec": {**manifest["spec"], "triggers": [{**trigger, "metadata": {**queue, **own}}]}}


def queue_of(manifest: Manifest) -> str:
    """What it reads, in words: "stream S, consumer C at host:port"."""
    queue = _queue(manifest)
    scheme = "https://" if "useHttps" in queue else ""
    return f"stream {queue['stream']}, consumer {queue['consumer']} at {scheme}{queue['natsServerMonitoringEndpoint']}"


def _queue(manifest: Observation) -> Observation:
    triggers = parts(manifest, "spec", "triggers")
    return part(triggers[0], "metadata") if triggers else {}


def scaler_name(claim: Claim) -> str:
    return f"{claim.name}-scaler"


def _idle(scaling: Scaling) -> Manifest:
    """Polling and cooldown govern the step between 0 and 1 only; KEDA warns of them elsewhere."""
    if scaling.min_replicas:
        return {}
    return {**without_empty({"pollingInterval": scaling.polling_interval_seconds}), "cooldownPeriod": scaling.cooldown_seconds}


def _fallback(scaling: Scaling) -> Manifest:
    """Never fewer pods than run: an outage of the monitoring API must not end work that goes on."""
    if scaling.fallback_replicas is None:
        return {}
    return {
        "fallback": {"failureThreshold": FALLBACK_FAILURES, "replicas": scaling.fallback_replicas, "behavior": "currentReplicasIfHigher"}
    }


def _scale_down(cooldown_seconds: int) -> Manifest:
    """One pod or a tenth of them per step, after the lag has been low for the whole cooldown."""
    period = min(FASTEST_STEP_SECONDS, max(1, cooldown_seconds // 5))
    return {
        "stabilizationWindowSeconds": cooldown_seconds,
        "policies": [
            {"type": "Pods", "value": 1, "periodSeconds": period},
            {"type": "Percent", "value": 10, "periodSeconds": period},
        ],
        "selectPolicy": "Max",
    }

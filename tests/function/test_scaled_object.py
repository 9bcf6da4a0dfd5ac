"""What of a claim's scaling and queue stands in its ScaledObject, beyond what the examples show."""

from typing import Any, Final

import pytest

from tests.composites import composite, created
from zerotouch_function.manifest import Manifest


def scaled(spec: Manifest) -> Any:
    return created(composite(spec))["scaled-object"]["spec"]


def test_a_fallback_has_the_claims_replicas_and_never_fewer_than_run() -> None:
    want = {"failureThreshold": 3, "replicas": 4, "behavior": "currentReplicasIfHigher"}
    assert scaled({"scaling": {"fallbackReplicas": 4}})["fallback"] == want


def test_the_queue_is_read_where_the_claim_says() -> None:
    (trigger,) = scaled({"nats": {"account": "ORDERS", "monitoringEndpoint": "https://m.example.com:8443"}})["triggers"]
    queue = {"stream": "ORDERS", "consumer": "order-workers", "account": "ORDERS", "lagThreshold": "5"}
    assert trigger["metadata"] == {**queue, "natsServerMonitoringEndpoint": "m.example.com:8443", "useHttps": "true"}


SECONDS: Final = [(0, 1), (4, 1), (100, 20), (300, 60), (3600, 60)]
"""Of cooldown, and between two steps down."""


@pytest.mark.parametrize(("cooldown", "step"), SECONDS)
def test_pods_go_one_step_at_a_time_after_the_cooldown(cooldown: int, step: int) -> None:
    down = scaled({"scaling": {"cooldownSeconds": cooldown}})["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert down["stabilizationWindowSeconds"] == cooldown
    assert [policy["periodSeconds"] for policy in down["policies"]] == [step, step]

"""A claim's pods follow the messages that wait for them, and only those."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from tests.e2e.claims import MAX_REPLICAS, Claim, spec
from tests.e2e.cluster import find, get, kubectl
from tests.e2e.figures import Figures
from tests.e2e.images import Workload
from tests.e2e.making import MakeClaims, ReadyClaim
from tests.e2e.settings import Settings
from tests.e2e.streams import Queue

MESSAGES: Final = 200
OUTAGE_SECONDS: Final = 60
DRAIN_SECONDS: Final = 240
NATS_PODS: Final = "app.kubernetes.io/name=nats"


@pytest.mark.core
def test_waiting_messages_scale_out_and_consumed_ones_scale_back_in(ready_claim: ReadyClaim, queue: Queue, figures: Figures) -> None:
    claim = ready_claim("scaled")
    uids = claim.uids()
    with figures.time(f"{MESSAGES} messages to {MAX_REPLICAS} ready pods"):
        queue.publish(MESSAGES, milliseconds=500)
        claim.wait_for("is scaled out", lambda: len(claim.running()) == MAX_REPLICAS)
    with figures.time("consumed, and back to 1 pod"):
        claim.wait_for("has consumed everything", lambda: queue.lag() == 0, timeout_seconds=DRAIN_SECONDS)
        claim.wait_for("is scaled in", lambda: claim.wanted() == 1 and len(claim.running()) == 1, timeout_seconds=DRAIN_SECONDS)
    claim.wait_ready()
    assert claim.status()["replicas"] == 1
    assert claim.uids() == uids


@pytest.mark.core
def test_no_message_means_no_pod_and_one_message_brings_it_back(ready_claim: ReadyClaim, queue: Queue, figures: Figures) -> None:
    claim = ready_claim("zero", scaling={"minReplicas": 0, "pollingIntervalSeconds": 1})
    claim.wait_for("is at zero, and ready", lambda: _is_at_zero(claim))
    with figures.time("first message to a ready pod, from zero"):
        queue.publish(10, milliseconds=4000)
        claim.wait_for("is back", claim.running)
    with figures.time("consumed, and back to zero"):
        claim.wait_for("has consumed everything", lambda: queue.lag() == 0, timeout_seconds=DRAIN_SECONDS)
        claim.wait_for("is at zero again, and ready", lambda: _is_at_zero(claim), timeout_seconds=DRAIN_SECONDS)


def _is_at_zero(claim: Claim) -> bool:
    return claim.wanted() == 0 and not claim.pods() and claim.is_ready() and claim.status()["replicas"] == 0


@pytest.mark.operations
def test_nothing_is_scaled_down_while_nats_is_away(
    make_claims: MakeClaims, workload: Workload, queue: Queue, environment: Settings
) -> None:
    (claim,) = make_claims(["outage"], spec(workload.v1, queue))
    claim.wait_ready()
    queue.publish(60, milliseconds=2000)
    claim.wait_for("is scaled out", lambda: len(claim.running()) == MAX_REPLICAS)
    pods = claim.running()
    with _no_nats(environment.nats_namespace):
        claim.namespace.holds("All pods stay", lambda: claim.wanted() == MAX_REPLICAS and claim.running() == pods, seconds=OUTAGE_SECONDS)
        claim.wait_condition("ScalerReady", "False", containing=queue.stream, timeout_seconds=5)
        restarts = {status["restartCount"] for pod in claim.pods() for status in pod["status"]["containerStatuses"]}
        assert restarts == {0}
    claim.wait_for("has consumed everything", lambda: queue.lag() == 0, timeout_seconds=DRAIN_SECONDS)
    claim.wait_for("is scaled in", lambda: claim.wanted() == 1, timeout_seconds=DRAIN_SECONDS)
    claim.wait_ready()


@contextmanager
def _no_nats(namespace: str) -> Iterator[None]:
    """NATS does not run while the block does; its storage stays."""
    replicas = ((get("statefulset", "nats", namespace) or {}).get("spec") or {})["replicas"]
    scale = ["-n", namespace, "scale", "statefulset/nats"]
    kubectl(*scale, "--replicas=0")
    try:
        kubectl("-n", namespace, "wait", "pod", "-l", NATS_PODS, "--for=delete", "--timeout=90s", timeout_seconds=100)
        assert find("pods", namespace, NATS_PODS) == []
        yield
    finally:
        kubectl(*scale, f"--replicas={replicas}")
        kubectl("-n", namespace, "rollout", "status", "statefulset/nats", "--timeout=120s", timeout_seconds=130)

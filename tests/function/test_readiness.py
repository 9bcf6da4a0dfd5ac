"""When a claim is ready, and what it says while it is not."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.composites import composite, created, deployed, scaling
from zerotouch_function.composition import Composition, Condition, Status
from zerotouch_function.errors import SpecError
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.registry import compose, refuse

XR = {**composite(), "status": {"image": "ghcr.io/org/service:v0.9.0"}}
FIRST = created(composite())
LOOK = "See why with: kubectl -n ns describe pods -l app=my-service"
ASK = "If this lasts, see why with: kubectl describe xagentexecutor my-service-x7k2p"


@dataclass(frozen=True)
class Case:
    reason: str
    """Reason of the condition."""
    message: str
    """Its whole message."""
    is_ready: bool = False
    deployment: Manifest | None = None
    running: str = "ghcr.io/org/service:v0.9.0"
    """Image in the claim's status."""
    observed: dict[str, Any] = field(default_factory=dict)


def condition(kind: str, status: str, reason: str, message: str = "") -> Manifest:
    return {"type": kind, "status": status, "reason": reason, "message": message}


DEPLOYMENT = FIRST["deployment"]
OF_ANOTHER_RELEASE = {**DEPLOYMENT, "metadata": {**DEPLOYMENT["metadata"], "annotations": {"platform.bizmatters.io/release": "0000000000"}}}

WORKLOADS = [
    Case("Creating", f"Deployment my-service does not exist yet. {ASK}"),
    Case("RolledOut", "All pods run the current spec", True, deployed(DEPLOYMENT, replicas=3), "ghcr.io/org/service:v1.0.0"),
    Case(
        "ScaledToZero",
        "No pod runs until messages wait in the stream",
        True,
        deployed(DEPLOYMENT, replicas=0),
        "ghcr.io/org/service:v1.0.0",
    ),
    Case("RollingOut", f"The current spec's Deployment is being written. {ASK}", deployment=deployed(OF_ANOTHER_RELEASE)),
    Case("RollingOut", f"The current spec is being rolled out. {LOOK}", deployment=deployed(DEPLOYMENT, observedGeneration=0)),
    Case("RollingOut", f"The current spec is being rolled out. {LOOK}", deployment=deployed(DEPLOYMENT, replicas=2, updatedReplicas=1)),
    Case("PodsNotReady", f"1 of 2 pods are ready. {LOOK}", deployment=deployed(DEPLOYMENT, replicas=2, availableReplicas=1)),
    Case(
        "RolloutFailed",
        f"Pods with image ghcr.io/org/service:v1.0.0 do not become ready; earlier pods go on. {LOOK}",
        deployment=deployed(DEPLOYMENT, conditions=[condition("Progressing", "False", "ProgressDeadlineExceeded")]),
    ),
    Case(
        "RollingOut",
        f"The current spec's Deployment is being written. {ASK}",
        deployment=deployed(OF_ANOTHER_RELEASE, conditions=[condition("Progressing", "False", "ProgressDeadlineExceeded")]),
    ),
    Case(
        "RollingOut",
        f"The current spec is being rolled out. {LOOK}",
        deployment=deployed(
            DEPLOYMENT,
            conditions=[condition("Available", "True", "MinimumReplicasAvailable"), condition("Progressing", "True", "ReplicaSetUpdated")],
        ),
    ),
    Case(
        "PodsRefused",
        "Kubernetes refuses the pods: exceeded quota",
        deployment=deployed(DEPLOYMENT, conditions=[condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota.")]),
    ),
    Case(
        "PodsRefused",
        "Kubernetes refuses the pods: no reason given",
        deployment=deployed(DEPLOYMENT, conditions=[condition("ReplicaFailure", "True", "FailedCreate")]),
    ),
]


def answer(**observed: Manifest) -> Composition:
    return compose(XR, Snapshot({key.replace("_", "-"): manifest for key, manifest in observed.items()}), {})


@pytest.mark.parametrize("case", WORKLOADS, ids=lambda case: f"{case.reason}: {case.message[:40]}")
def test_the_workload_is_ready_when_its_current_spec_is_rolled_out(case: Case) -> None:
    composition = answer(**({"deployment": case.deployment} if case.deployment else {}))
    _, told, _ = composition.conditions
    assert (told.type, told.reason, told.message) == ("WorkloadReady", case.reason, case.message)
    assert told.status is (Status.TRUE if case.is_ready else Status.FALSE)
    assert composition.resources["deployment"].is_ready is case.is_ready
    assert composition.status["image"] == case.running


SOURCE = "stream ORDERS, consumer order-workers at nats-headless.nats.svc.cluster.local:8222"
REMEDY = "see that the stream and its durable consumer exist, and that spec.natsUrl and spec.nats.account are right"
UNREAD = "error resolving secrets for ScaleTarget: error resolving secret name {} for env POSTGRES_HOST in namespace ns"
REFERENCE = "&SecretKeySelector{LocalObjectReference:LocalObjectReference{Name:postgres-connection,},Key:POSTGRES_HOST,Optional:nil,}"
MISSING = 'Secret "postgres-connection", or its key for variable POSTGRES_HOST, does not exist'
SCALERS = [
    ((), "Scaling", f"Pods scale on {SOURCE}", True),
    ((("Ready", "False"),), "CannotScale", f"KEDA cannot read {SOURCE}: said KEDA; {REMEDY}", False),
    ((("Ready", "True"), ("Fallback", "False")), "Scaling", f"Pods scale on {SOURCE}", True),
    (
        (("Ready", "True"), ("Fallback", "True")),
        "FallbackActive",
        f"KEDA cannot read {SOURCE}, and spec.scaling.fallbackReplicas holds; {REMEDY}",
        False,
    ),
    ((("Ready", "True"), ("Paused", "True")), "Paused", "Scaling is paused by an annotation on the ScaledObject", True),
    (
        (("Ready", "False", f"failed to ensure HPA is correctly created for ScaledObject: {UNREAD.format(REFERENCE)}"),),
        "VariableMissing",
        f"KEDA reads the environment of the pods before it scales them, and {MISSING}; create it in namespace ns",
        False,
    ),
    (
        (("Ready", "False", UNREAD.format("&{{postgres-connection} POSTGRES_HOST %!s(*bool=<nil>)}")),),
        "VariableMissing",
        f"KEDA reads the environment of the pods before it scales them, and {MISSING}; create it in namespace ns",
        False,
    ),
    (
        (("Ready", "False", 'ScaledObject doesn\'t have correct scaleTargetRef specification: deployments.apps "my-service" not found'),),
        "Waiting",
        "KEDA has not seen Deployment my-service yet",
        False,
    ),
    ((("Active", "True"),), "Waiting", "KEDA has not looked at the scaler yet; if this lasts, see that KEDA runs in the cluster", False),
]


@pytest.mark.parametrize(
    ("conditions", "reason", "message", "is_ready"), SCALERS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_scaler_is_ready_when_keda_reads_the_stream(
    conditions: tuple[tuple[str, ...], ...], reason: str, message: str, is_ready: bool
) -> None:
    composition = answer(scaled_object=scaling(FIRST["scaled-object"], *conditions))
    _, _, told = composition.conditions
    assert (told.type, told.reason, told.message) == ("ScalerReady", reason, message)
    assert composition.resources["scaled-object"].is_ready is is_ready


@pytest.mark.parametrize(
    "conditions", [(), (("Ready", "False"),), (("Ready", "True"), ("Paused", "True")), (("Ready", "True"), ("Fallback", "True"))]
)
def test_a_scaler_of_an_earlier_spec_says_nothing_about_the_current_one(conditions: tuple[tuple[str, ...], ...]) -> None:
    earlier = compose(composite({"natsStreamName": "EARLIER"}), NOTHING, {}).resources["scaled-object"].manifest
    composition = answer(deployment=deployed(DEPLOYMENT), scaled_object=scaling(earlier, *conditions))
    _, _, told = composition.conditions
    look = "If this lasts, see why with: kubectl describe xagentexecutor my-service-x7k2p"
    assert told == Condition("ScalerReady", Status.FALSE, "Updating", f"The current spec's ScaledObject is being written. {look}")
    assert not composition.resources["scaled-object"].is_ready


def test_a_refused_spec_is_told_of_the_scaler_that_there_is() -> None:
    observed = Snapshot({"scaled-object": scaling(FIRST["scaled-object"])})
    wrong = composite({"natsStreamName": ""})
    _, _, told = refuse(wrong, observed, SpecError("spec.natsStreamName", "is empty", "write it"))
    assert told == Condition("ScalerReady", Status.TRUE, "Scaling", "Pods scale on the claim's stream")


def test_no_resource_is_ready_before_it_is_observed() -> None:
    assert not any(resource.is_ready for resource in answer().resources.values())


def test_everything_is_ready_when_everything_is() -> None:
    composition = answer(
        deployment=deployed(DEPLOYMENT, replicas=3),
        scaled_object=scaling(FIRST["scaled-object"]),
        service=FIRST["service"],
        service_account=FIRST["service-account"],
    )
    assert all(resource.is_ready for resource in composition.resources.values())
    assert all(condition.status is Status.TRUE for condition in composition.conditions)
    assert composition.status == {"endpoint": "my-service.ns.svc.cluster.local:8080", "image": "ghcr.io/org/service:v1.0.0", "replicas": 3}


def test_numbers_may_be_floats() -> None:
    composition = answer(deployment=deployed(DEPLOYMENT, replicas=2.0, generation=4.0))  # type: ignore[arg-type]  # as protobuf has them
    assert composition.status["replicas"] == 2
    assert composition.resources["deployment"].is_ready

"""Whether a composed object serves its purpose, as a condition that says why not and what to do.

A workload is ready when its current spec is rolled out. `Available` alone does not say that: with `maxUnavailable: 0` a rollout to a
broken image keeps the old pods, and stays available.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from zerotouch_function.composition import Condition, Resource, Status
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest, Observation, part, parts, text
from zerotouch_function.observed import Composed
from zerotouch_function.release import release_of

SPEC_VALID: Final = "SpecValid"
WORKLOAD_READY: Final = "WorkloadReady"
SCALER_READY: Final = "ScalerReady"

CANNOT_WRITE: Final = "CannotWrite"

ASLEEP: Final = "No pod runs until messages wait in the stream"


def workload_condition(
    claim: Claim, observed: Observation | None, *, want_release: str | None, problem: str = "", explanation: str = "", asleep: str = ASLEEP
) -> Condition:
    """The Deployment's state.

    Args:
        claim: Whose Deployment.
        observed: The Deployment as it is; None while there is none.
        want_release: Mark of the current spec; None when the spec is invalid, and whatever runs is as good as it gets.
        problem: Why the Deployment cannot be written, where that is known.
        explanation: Why pods do not start, where pods may be read; takes the place of the command that would show it.
        asleep: Why no pod runs, where none may; empty where one always should.
    """
    if problem:
        return _workload(Status.FALSE, CANNOT_WRITE, f"Deployment {claim.name} cannot be written: {sentence(problem)}")
    if observed is None:
        return _workload(Status.FALSE, "Creating", f"Deployment {claim.name} does not exist yet. {_ask(claim)}")
    look = explanation or f"See why with: kubectl -n {claim.namespace} describe pods -l app={claim.name}"
    failure = condition(observed, "ReplicaFailure")
    if failure.get("status") == "True":
        return _workload(Status.FALSE, "PodsRefused", f"Kubernetes refuses the pods: {sentence(failure.get('message'))}")
    if want_release not in (None, release_of(observed)):
        return _workload(Status.FALSE, "RollingOut", _is_being_written("Deployment", claim))
    return _rollout(claim, observed, look, asleep)


def _rollout(claim: Claim, observed: Observation, look: str, asleep: str) -> Condition:
    """How far the Deployment's own spec has come."""
    progress = condition(observed, "Progressing")
    status, spec = part(observed, "status"), part(observed, "spec")
    wanted, available = count(spec, "replicas", 1), count(status, "availableReplicas")
    is_current = count(status, "observedGeneration") >= count(part(observed, "metadata"), "generation")
    is_rolled_out = (
        is_current and progress.get("reason") == "NewReplicaSetAvailable" and count(status, "updatedReplicas") == count(status, "replicas")
    )
    if is_rolled_out and wanted == 0 and asleep:
        return _workload(Status.TRUE, "ScaledToZero", asleep)
    if is_rolled_out and wanted == 0:
        return _stopped_by_hand(claim)
    if is_rolled_out and available >= wanted:
        return _workload(Status.TRUE, "RolledOut", "All pods run the current spec")
    if is_rolled_out:
        return _workload(Status.FALSE, "PodsNotReady", f"{available} of {wanted} pods are ready. {look}")
    if is_current and progress.get("reason") == "ProgressDeadlineExceeded":
        return _workload(
            Status.FALSE, "RolloutFailed", f"Pods with image {main_image(observed)} do not become ready; earlier pods go on. {look}"
        )
    return _workload(Status.FALSE, "RollingOut", f"The current spec is being rolled out. {look}")


def _stopped_by_hand(claim: Claim) -> Condition:
    """Kubernetes' autoscaler leaves a Deployment alone that somebody has set to 0 pods."""
    start = f"kubectl -n {claim.namespace} scale deployment {claim.name} --replicas=1"
    return _workload(
        Status.FALSE, "PodsNotReady", f"Somebody set the Deployment to 0 pods, where its autoscaler leaves it. Start it with: {start}"
    )


def once_written(manifest: Manifest, key: str, composed: Composed) -> Resource:
    """An object without a state of its own: it serves its purpose as soon as it is written."""
    return Resource(manifest, is_ready=composed.has(key) and not composed.problem(key))


def with_unwritten(workload: Condition, composed: Composed, resources: Mapping[str, Resource], keys: Iterable[str]) -> Condition:
    """The workload's state, unless an object that its pods do not start without, or are not reached without, cannot be written.

    Args:
        workload: The state of the Deployment and its migrations.
        composed: The objects as they are.
        resources: The objects as they are sent.
        keys: Keys of the objects that no condition of their own speaks of.
    """
    if workload.reason == CANNOT_WRITE:
        return workload
    for key in keys:
        problem = composed.problem(key)
        if problem and key in resources:
            manifest = resources[key].manifest
            message = f"{manifest['kind']} {manifest['metadata']['name']} cannot be written: {sentence(problem)}"
            return _workload(Status.FALSE, CANNOT_WRITE, message)
    return workload


def scaler_condition(claim: Claim, observed: Observation | None, *, want_release: str | None, source: str, problem: str = "") -> Condition:
    """The ScaledObject's state.

    Args:
        claim: Whose ScaledObject.
        observed: The ScaledObject as it is; None while there is none.
        want_release: Mark of the current spec; None when the spec is invalid, and whatever scales is as good as it gets.
        source: What it reads, as words: "stream S, consumer C at host:port".
        problem: Why the ScaledObject cannot be written, where that is known.
    """
    if problem:
        return _scaler(Status.FALSE, CANNOT_WRITE, f"ScaledObject {claim.name}-scaler cannot be written: {sentence(problem)}")
    if observed is None:
        return _scaler(Status.FALSE, "Creating", f"ScaledObject {claim.name}-scaler does not exist yet")
    if want_release not in (None, release_of(observed)):
        return _scaler(Status.FALSE, "Updating", _is_being_written("ScaledObject", claim))
    ready = condition(observed, "Ready")
    if not ready:
        return _scaler(Status.FALSE, "Waiting", "KEDA has not looked at the scaler yet; if this lasts, see that KEDA runs in the cluster")
    if condition(observed, "Paused").get("status") == "True":
        return _scaler(Status.TRUE, "Paused", "Scaling is paused by an annotation on the ScaledObject")
    if condition(observed, "Fallback").get("status") == "True":
        return _scaler(Status.FALSE, "FallbackActive", f"KEDA cannot read {source}, and spec.scaling.fallbackReplicas holds; {REMEDY}")
    if ready.get("status") != "True":
        return _not_scaling(claim, text(ready.get("message")), source)
    return _scaler(Status.TRUE, "Scaling", f"Pods scale on {source}")


def _not_scaling(claim: Claim, message: str, source: str) -> Condition:
    """Why KEDA does not scale. Before it asks the queue it looks for the Deployment, and reads the environment of its pods."""
    if NO_TARGET in message:
        return _scaler(Status.FALSE, "Waiting", f"KEDA has not seen Deployment {claim.name} yet")
    if unread := UNREAD.search(message):
        kind, variable = UNREAD_KINDS[unread["kind"]], unread["variable"]
        missing = f'{kind} "{unread["name"]}", or its key for variable {variable}, does not exist'
        told = f"KEDA reads the environment of the pods before it scales them, and {missing}; create it in namespace {claim.namespace}"
        return _scaler(Status.FALSE, "VariableMissing", told)
    return _scaler(Status.FALSE, "CannotScale", f"KEDA cannot read {source}: {sentence(message)}; {REMEDY}")


NO_TARGET: Final = "scaleTargetRef specification"
"""In KEDA's message while the Deployment does not exist (`pkg/common/message`, KEDA 2.20)."""

UNREAD: Final = re.compile(
    r"error resolving (?P<kind>secret name|config) .*?(Name:|{{)(?P<name>[^,}]+)[,}].* for env (?P<variable>\S+) in namespace"
)
"""KEDA's message for a variable that it cannot read (`pkg/scaling/resolver`); the object's reference in it is printed by Go."""

UNREAD_KINDS: Final = {"secret name": "Secret", "config": "ConfigMap"}


def autoscaler_condition(claim: Claim, observed: Observation | None, *, want_release: str | None, problem: str = "") -> Condition:
    """The HorizontalPodAutoscaler's state.

    Args:
        claim: Whose HorizontalPodAutoscaler.
        observed: The object as it is; None while there is none.
        want_release: Mark of the current spec; None when the spec is invalid, and whatever scales is as good as it gets.
        problem: Why it cannot be written, where that is known.
    """
    if problem:
        return _scaler(Status.FALSE, CANNOT_WRITE, f"HorizontalPodAutoscaler {claim.name} cannot be written: {sentence(problem)}")
    if observed is None:
        return _scaler(Status.FALSE, "Creating", f"HorizontalPodAutoscaler {claim.name} does not exist yet")
    if want_release not in (None, release_of(observed)):
        return _scaler(Status.FALSE, "Updating", _is_being_written("HorizontalPodAutoscaler", claim))
    able, active = condition(observed, "AbleToScale"), condition(observed, "ScalingActive")
    if able.get("status") == "False":
        return _not_able(claim, text(able.get("message")))
    if not active:
        return _scaler(Status.FALSE, "Waiting", "Kubernetes has not looked at the pods' CPU yet")
    if active.get("status") != "True":
        said = sentence(active.get("message"))
        return _scaler(Status.FALSE, "CannotScale", f"The pods' CPU cannot be read: {said}; see that pods run, and metrics-server too")
    return _scaler(Status.TRUE, "Scaling", "Pods scale on their CPU")


def _not_able(claim: Claim, message: str) -> Condition:
    """Why the number of pods cannot be changed, whatever their CPU says."""
    if message.endswith(f'"{claim.name}" not found'):
        return _scaler(Status.FALSE, "Waiting", f"The autoscaler has not seen Deployment {claim.name} yet")
    remedy = "see that no quota or admission policy of the cluster forbids it"
    return _scaler(Status.FALSE, "CannotScale", f"The number of pods cannot be changed: {sentence(message)}; {remedy}")


def fixed_condition() -> Condition:
    """In place of a scaler's state where there is none: the claim says how many pods run."""
    return _scaler(Status.TRUE, "FixedReplicas", "The claim fixes the number of pods")


REMEDY: Final = "see that the stream and its durable consumer exist, and that spec.natsUrl and spec.nats.account are right"


def condition(manifest: Observation, kind: str) -> Observation:
    """The condition of that type in an object's status; empty where there is none."""
    return next((c for c in parts(manifest, "status", "conditions") if c.get("type") == kind), {})


def count(fields: Observation, name: str, default: int = 0) -> int:
    """A whole number, which JSON through protobuf may have made a float."""
    value = fields.get(name)
    return int(value) if isinstance(value, int | float) and float(value).is_integer() else default


def main_image(deployment: Observation) -> str:
    """The image of a Deployment's first container; empty where it has none."""
    containers = parts(deployment, "spec", "template", "spec", "containers")
    return text(containers[0].get("image")) if containers else ""


def sentence(message: object) -> str:
    """Another program's message, without the full stop that our sentence goes on from."""
    return text(message).strip().rstrip(".") or "no reason given"


def _workload(status: Status, reason: str, message: str) -> Condition:
    return Condition(WORKLOAD_READY, status, reason, message)


def _is_being_written(kind: str, claim: Claim) -> str:
    return f"The current spec's {kind} is being written. {_ask(claim)}"


def _ask(claim: Claim) -> str:
    """For the moment after each edit, and for as long as the API server refuses the write, which only the composite resource tells."""
    return f"If this lasts, see why with: kubectl describe x{claim.kind.lower()} {claim.composite}"


def _scaler(status: Status, reason: str, message: str) -> Condition:
    return Condition(SCALER_READY, status, reason, message)

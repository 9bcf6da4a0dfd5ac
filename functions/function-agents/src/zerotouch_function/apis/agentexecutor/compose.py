"""An AgentExecutor and what it becomes."""

from typing import Final

from zerotouch_contract import ports
from zerotouch_function.apis.agentexecutor.parse import parse
from zerotouch_function.apis.agentexecutor.rollout import DEPLOYMENT, Rollout, rollout
from zerotouch_function.apis.agentexecutor.scaler import scaler
from zerotouch_function.apis.agentexecutor.spec import AgentExecutorSpec
from zerotouch_function.apis.agentexecutor.workload import COMPONENT
from zerotouch_function.composition import Composition, Condition, Resource, Status
from zerotouch_function.diagnosis import claim_pods
from zerotouch_function.errors import FunctionError
from zerotouch_function.fields.claim import Claim, parse_claim
from zerotouch_function.manifest import Manifest, Observation, part, without_empty
from zerotouch_function.namesake import SERVICE, check_name, namesakes
from zerotouch_function.observed import Composed
from zerotouch_function.readiness import (
    SCALER_READY,
    SPEC_VALID,
    WORKLOAD_READY,
    count,
    once_written,
    scaler_condition,
    with_unwritten,
    workload_condition,
)
from zerotouch_function.release import release_of
from zerotouch_function.resources.scaled_object import queue_of
from zerotouch_function.resources.service import service, service_host
from zerotouch_function.resources.service_account import service_account
from zerotouch_function.settings import Settings

KIND: Final = "AgentExecutor"
SCALED_OBJECT: Final = "scaled-object"
SERVICE_ACCOUNT: Final = "service-account"
KEYS: Final = (DEPLOYMENT, SERVICE, SERVICE_ACCOUNT, SCALED_OBJECT)


def compose(xr: Manifest, composed: Composed, settings: Settings) -> Composition:
    """Everything that runs an AgentExecutor, and how it fares.

    Args:
        xr: The composite resource XAgentExecutor.
        composed: Its composed objects.
        settings: The Composition's input.

    Raises:
        SpecError: The claim cannot be composed.
        NameTakenError: Another claim of its name was there first.
    """
    claim, spec = parse_claim(xr, KIND), parse(xr["spec"])
    check_name(claim, KIND, xr, composed)
    runs = rollout(claim, spec, settings, composed)
    scaled = scaler(claim, spec, settings, of_earlier_pods=composed.sent(SCALED_OBJECT) if runs.is_held_back else None)
    scales = scaler_condition(
        claim,
        composed.get(SCALED_OBJECT),
        want_release=release_of(scaled),
        source=queue_of(scaled),
        problem=composed.problem(SCALED_OBJECT),
    )
    account = service_account(claim, component=COMPONENT, annotations=spec.service_account_annotations)
    resources = {
        SERVICE_ACCOUNT: once_written(account, SERVICE_ACCOUNT, composed),
        **runs.resources,
        SERVICE: once_written(service(claim, component=COMPONENT), SERVICE, composed),
        **({SCALED_OBJECT: Resource(scaled, is_ready=scales.status is Status.TRUE)} if _has_pods(runs, composed) else {}),
    }
    serves = with_unwritten(runs.condition, composed, resources, (SERVICE_ACCOUNT, SERVICE))
    return Composition(
        resources=resources,
        status=_status(xr, claim, spec, composed.get(DEPLOYMENT), runs.condition, settings),
        conditions=(Condition(SPEC_VALID, Status.TRUE, "Valid", "The claim is valid"), serves, scales),
        requirements=namesakes(claim, KIND, composed) | claim_pods(claim, may_be_read=settings.diagnostics.pods),
    )


def refuse(xr: Manifest, composed: Composed, error: FunctionError) -> tuple[Condition, ...]:
    """Every condition of a claim that cannot be composed: what is wrong, and how fares what runs already."""
    refused = Condition(SPEC_VALID, Status.FALSE, error.reason, str(error))
    try:
        claim = parse_claim(xr, KIND)
    except FunctionError:
        unknown = "The claim is not valid, and nothing of it runs"
        return refused, *(Condition(kind, Status.UNKNOWN, "SpecInvalid", unknown) for kind in (WORKLOAD_READY, SCALER_READY))
    deployment, scaled = composed.get(DEPLOYMENT), composed.get(SCALED_OBJECT)
    return (
        refused,
        workload_condition(claim, deployment, want_release=None),
        scaler_condition(claim, scaled, want_release=None, source="the claim's stream"),
    )


def _has_pods(runs: Rollout, composed: Composed) -> bool:
    """Whether there is something to scale, or was.

    KEDA looks for a missing Deployment with doubling pauses: a ScaledObject that is there minutes before the pods scales minutes late.
    """
    return DEPLOYMENT in runs.resources or composed.sent(SCALED_OBJECT) is not None


def _status(
    xr: Manifest, claim: Claim, spec: AgentExecutorSpec, deployment: Observation | None, runs: Condition, settings: Settings
) -> Manifest:
    """The claim's status: where it answers, which image runs (the earlier one until a rollout ends), how many pods are available."""
    running = spec.image if runs.status is Status.TRUE else (xr.get("status") or {}).get("image", "")
    available = count(part(deployment, "status"), "availableReplicas") if deployment else 0
    endpoint = f"{service_host(claim, settings.defaults.cluster_domain)}:{ports.SERVICE}"
    return {**without_empty({"endpoint": endpoint, "image": running}), "replicas": available}

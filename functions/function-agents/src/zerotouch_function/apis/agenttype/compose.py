"""An AgentType and what it becomes."""

from typing import Final

from zerotouch_contract import ports
from zerotouch_function.apis.agenttype.handover import with_kept_replicas
from zerotouch_function.apis.agenttype.models import MODELS_CONFIGURED, models_condition, secret_keys
from zerotouch_function.apis.agenttype.parse import parse
from zerotouch_function.apis.agenttype.sidecar import sidecar_config_map
from zerotouch_function.apis.agenttype.spec import AgentTypeSpec
from zerotouch_function.apis.agenttype.workload import COMPONENT, autoscaler, blames, fence, way_in, workload
from zerotouch_function.composition import Composition, Condition, Resource, Status
from zerotouch_function.diagnosis import PODS, claim_pods, explain
from zerotouch_function.errors import FunctionError
from zerotouch_function.fields.claim import Claim, parse_claim
from zerotouch_function.manifest import Manifest, Observation, part, without_empty
from zerotouch_function.namesake import SERVICE, check_name, namesakes
from zerotouch_function.observed import Composed
from zerotouch_function.readiness import (
    SCALER_READY,
    SPEC_VALID,
    WORKLOAD_READY,
    autoscaler_condition,
    count,
    fixed_condition,
    once_written,
    with_unwritten,
    workload_condition,
)
from zerotouch_function.release import release_of, with_release
from zerotouch_function.resources.service import service_host
from zerotouch_function.resources.service_account import service_account
from zerotouch_function.settings import Settings

KIND: Final = "AgentType"
SERVICE_ACCOUNT: Final = "service-account"
CONFIG: Final = "sidecar-config"
DEPLOYMENT: Final = "deployment"
AUTOSCALER: Final = "autoscaler"
NETWORK_POLICY: Final = "network-policy"
KEYS: Final = (DEPLOYMENT, SERVICE, SERVICE_ACCOUNT, CONFIG)

STOPPED: Final = "No pod runs, because spec.scaling.replicas is 0"


def compose(xr: Manifest, composed: Composed, settings: Settings) -> Composition:
    """Everything that runs an AgentType, and how it fares.

    Args:
        xr: The composite resource XAgentType.
        composed: Its composed objects.
        settings: The Composition's input.

    Raises:
        SpecError: The claim cannot be composed.
        NameTakenError: Another claim of its name was there first.
    """
    claim, spec = parse_claim(xr, KIND), parse(xr["spec"])
    check_name(claim, KIND, xr, composed)
    deployment = _deployment(claim, spec, settings, composed)
    runs = _workload_state(claim, spec, deployment, composed)
    scaler = with_release(autoscaler(claim, spec)) if spec.scales_on_cpu else None
    scales = _scaler_state(claim, scaler, composed)
    models = models_condition(
        claim, spec, is_written=composed.has(CONFIG), problem=composed.problem(CONFIG), workload=runs, held=_held(xr, composed)
    )
    account = service_account(claim, component=COMPONENT, annotations=spec.service_account_annotations)
    resources = {
        SERVICE_ACCOUNT: once_written(account, SERVICE_ACCOUNT, composed),
        CONFIG: once_written(sidecar_config_map(claim, spec, settings, component=COMPONENT), CONFIG, composed),
        DEPLOYMENT: Resource(deployment, is_ready=runs.status is Status.TRUE),
        SERVICE: once_written(way_in(claim), SERVICE, composed),
    }
    if scaler:
        resources[AUTOSCALER] = Resource(scaler, is_ready=scales.status is Status.TRUE)
    if spec.network.policy == "restricted":
        resources[NETWORK_POLICY] = once_written(fence(claim, spec), NETWORK_POLICY, composed)
    serves = with_unwritten(runs, composed, resources, (SERVICE_ACCOUNT, CONFIG, SERVICE, NETWORK_POLICY))
    return Composition(
        resources=resources,
        status=_status(xr, claim, spec, composed.get(DEPLOYMENT), runs, settings),
        conditions=(Condition(SPEC_VALID, Status.TRUE, "Valid", "The claim is valid"), serves, models, scales),
        requirements=namesakes(claim, KIND, composed) | claim_pods(claim, may_be_read=settings.diagnostics.pods),
    )


def refuse(xr: Manifest, composed: Composed, error: FunctionError) -> tuple[Condition, ...]:
    """Every condition of a claim that cannot be composed: what is wrong, and how fares what runs already."""
    refused = Condition(SPEC_VALID, Status.FALSE, error.reason, str(error))
    unknown = Condition(MODELS_CONFIGURED, Status.UNKNOWN, "SpecInvalid", "The claim is not valid; pods that run keep the models they had")
    try:
        claim = parse_claim(xr, KIND)
    except FunctionError:
        nothing = "The claim is not valid, and nothing of it runs"
        return refused, *(
            Condition(kind, Status.UNKNOWN, "SpecInvalid", nothing) for kind in (WORKLOAD_READY, MODELS_CONFIGURED, SCALER_READY)
        )
    scaler = composed.get(AUTOSCALER)
    scales = autoscaler_condition(claim, scaler, want_release=None) if scaler else None
    return (
        refused,
        workload_condition(claim, composed.get(DEPLOYMENT), want_release=None, asleep=STOPPED),
        unknown,
        scales or Condition(SCALER_READY, Status.UNKNOWN, "SpecInvalid", "The claim is not valid, and nothing scales its pods"),
    )


def _deployment(claim: Claim, spec: AgentTypeSpec, settings: Settings, composed: Composed) -> Manifest:
    """The Deployment. The number of pods that an autoscaler decides is no part of its mark."""
    deployment = with_release(workload(claim, spec, settings))
    if not spec.scales_on_cpu:
        return deployment
    return with_kept_replicas(deployment, spec, composed.get(DEPLOYMENT), composed.owners(DEPLOYMENT, "spec", "replicas"))


def _workload_state(claim: Claim, spec: AgentTypeSpec, deployment: Manifest, composed: Composed) -> Condition:
    """The Deployment's condition, with what the pods say where they may be read."""
    return workload_condition(
        claim,
        composed.get(DEPLOYMENT),
        want_release=release_of(deployment),
        problem=composed.problem(DEPLOYMENT),
        explanation=explain(claim, composed.required(PODS) or (), fields={}, image=spec.image, containers=blames(spec)),
        asleep="" if spec.scales_on_cpu else STOPPED,
    )


def _scaler_state(claim: Claim, scaler: Manifest | None, composed: Composed) -> Condition:
    """The autoscaler's condition, told without one too: Crossplane keeps a condition that is not sent as it was."""
    if scaler is None:
        return fixed_condition()
    return autoscaler_condition(claim, composed.get(AUTOSCALER), want_release=release_of(scaler), problem=composed.problem(AUTOSCALER))


def _status(
    xr: Manifest, claim: Claim, spec: AgentTypeSpec, deployment: Observation | None, runs: Condition, settings: Settings
) -> Manifest:
    """The claim's status: where the agent answers, what it can call, what runs (the earlier image until a rollout ends)."""
    running = spec.image if runs.status is Status.TRUE else (xr.get("status") or {}).get("image", "")
    keys = secret_keys(spec) if runs.status is Status.TRUE else _noted(xr)
    host = service_host(claim, settings.defaults.cluster_domain)
    endpoint = f"{host}:{ports.SERVICE}"
    return {
        "endpoint": endpoint,
        "endpoints": {"service": endpoint, "ops": f"{host}:{ports.OPS}"},
        **without_empty({"image": running}),
        "models": sorted(model.alias for model in spec.llm.models),
        "replicas": count(part(deployment, "status"), "availableReplicas") if deployment else 0,
        **without_empty({"secretKeys": keys}),
    }


def _held(xr: Manifest, composed: Composed) -> list[str]:
    """What the pods that answer now have of Secrets; nothing where no pod answers."""
    return _noted(xr) if count(part(composed.get(DEPLOYMENT) or {}, "status"), "availableReplicas") else []


def _noted(xr: Manifest) -> list[str]:
    """What of Secrets an earlier answer noted of pods that were all rolled out."""
    noted = part(xr, "status").get("secretKeys")
    return [key for key in noted if isinstance(key, str)] if isinstance(noted, list | tuple) else []

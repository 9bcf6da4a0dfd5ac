"""What the claim's author is told about models."""

from collections.abc import Collection
from typing import Final

from zerotouch_contract import paths
from zerotouch_function.apis.agenttype.spec import AgentTypeSpec
from zerotouch_function.composition import Condition, Status
from zerotouch_function.fields.claim import Claim
from zerotouch_function.readiness import sentence

MODELS_CONFIGURED: Final = "ModelsConfigured"


def models_condition(
    claim: Claim, spec: AgentTypeSpec, *, is_written: bool, problem: str, workload: Condition, held: Collection[str]
) -> Condition:
    """Whether the agent can call what the claim declares.

    Args:
        claim: Whose models.
        spec: What it declares.
        is_written: Whether the sidecar's configuration exists.
        problem: Why it cannot be written, where that is known.
        workload: How the pods fare: what they lack can be a Secret that models need.
        held: What pods that answer have already of `secret_keys`: a rollout that asks for nothing else changes no model.
    """
    if not spec.llm.models:
        return _told(Status.TRUE, "NoModels", "The agent calls no models through the platform; declare some in spec.llm")
    if problem:
        return _told(Status.FALSE, "CannotWrite", f"ConfigMap {claim.name}-sidecar cannot be written: {sentence(problem)}")
    if not is_written:
        return _told(Status.FALSE, "Waiting", f"ConfigMap {claim.name}-sidecar does not exist yet")
    lacked = sorted({key.partition("/")[0] for key in secret_keys(spec) if key not in held})
    if workload.status is not Status.TRUE and lacked:
        names = " ".join(lacked)
        look = f"kubectl -n {claim.namespace} describe secrets {names}"
        return _told(
            Status.FALSE, "Waiting", f"Pods do not start before their Secrets have the keys that the claim names; see them with: {look}"
        )
    aliases = ", ".join(sorted(model.alias for model in spec.llm.models))
    if spec.llm.budget and not spec.nats.url:
        each = "each pod has the whole budget for itself, and a new pod a new one; set spec.nats.url for one budget that lasts"
        return _told(Status.TRUE, "BudgetPerPod", f"The agent can call {aliases}; {each}")
    return _told(Status.TRUE, "Configured", f"The agent can call {aliases}")


def secret_keys(spec: AgentTypeSpec) -> list[str]:
    """What pods wait for, each as the Secret's name and the key in it."""
    providers, nats = spec.llm.providers, spec.nats
    found = [
        *((p.secret.name, p.secret.key) for p in providers if p.secret),
        *((p.tls.ca_secret, paths.CA_KEY) for p in providers if p.tls),
        (nats.credentials_secret, paths.NATS_CREDS_KEY),
        (nats.ca_secret, paths.NATS_CA_KEY),
    ]
    return sorted({f"{name}/{key}" for name, key in found if name})


def _told(status: Status, reason: str, message: str) -> Condition:
    return Condition(MODELS_CONFIGURED, status, reason, message)

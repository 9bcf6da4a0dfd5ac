"""What the claim's author is told about models."""

from typing import Final

from zerotouch_function.apis.agenttype.spec import AgentTypeSpec
from zerotouch_function.composition import Condition, Status
from zerotouch_function.fields.claim import Claim
from zerotouch_function.readiness import sentence

MODELS_CONFIGURED: Final = "ModelsConfigured"


def models_condition(claim: Claim, spec: AgentTypeSpec, *, is_written: bool, problem: str, workload: Condition) -> Condition:
    """Whether the agent can call what the claim declares.

    Args:
        claim: Whose models.
        spec: What it declares.
        is_written: Whether the sidecar's configuration exists.
        problem: Why it cannot be written, where that is known.
        workload: How the pods fare: what they lack can be a Secret that models need.
    """
    if not spec.llm.models:
        return _told(Status.TRUE, "NoModels", "The agent calls no models through the platform; declare some in spec.llm")
    if problem:
        return _told(Status.FALSE, "CannotWrite", f"ConfigMap {claim.name}-sidecar cannot be written: {sentence(problem)}")
    if not is_written:
        return _told(Status.FALSE, "Waiting", f"ConfigMap {claim.name}-sidecar does not exist yet")
    secrets = secrets_of(spec)
    if workload.status is not Status.TRUE and secrets:
        names = " ".join(secrets)
        look = f"kubectl -n {claim.namespace} describe secrets {names}"
        return _told(
            Status.FALSE, "Waiting", f"Pods do not start before their Secrets have the keys that the claim names; see them with: {look}"
        )
    aliases = ", ".join(sorted(model.alias for model in spec.llm.models))
    if spec.llm.budget and not spec.nats.url:
        each = "each pod has the whole budget for itself, and a new pod a new one; set spec.nats.url for one budget that lasts"
        return _told(Status.TRUE, "BudgetPerPod", f"The agent can call {aliases}; {each}")
    return _told(Status.TRUE, "Configured", f"The agent can call {aliases}")


def secrets_of(spec: AgentTypeSpec) -> dict[str, str]:
    """By name of a Secret that pods wait for, the field that names it, in order of name."""
    providers, nats = spec.llm.providers, spec.nats
    fields = {
        nats.ca_secret: "spec.nats.caSecret",
        nats.credentials_secret: "spec.nats.credentialsSecret",
        **{p.tls.ca_secret: "spec.llm.providers[].tls.caSecret" for p in providers if p.tls},
        **{p.secret.name: "spec.llm.providers[].secret" for p in providers if p.secret},
    }
    return {name: fields[name] for name in sorted(fields) if name}


def _told(status: Status, reason: str, message: str) -> Condition:
    return Condition(MODELS_CONFIGURED, status, reason, message)

"""One name, one claim: an AgentExecutor and an AgentType of the same name would become the same Deployment and Service.

Crossplane lets no composite take an object from another one, but says so in words that help nobody. So a claim that has no Service yet
asks for composites of other kinds with its name, and steps back if one was there before it. A claim that has its Service has the name,
and asks for nothing: the first of two never notices.
"""

from typing import Final

from zerotouch_contract import api, labels
from zerotouch_function.composition import Selector
from zerotouch_function.errors import NameTakenError
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest, Observation, part, parts, text
from zerotouch_function.observed import Composed

SERVICE: Final = "service"
"""Resource key of the object that every kind with a name of its own has, and has from the start."""


def namesakes(claim: Claim, kind: str, composed: Composed) -> dict[str, Selector]:
    """What to look for while the name is not the claim's for sure: composites of other kinds, made for a claim of its name."""
    if composed.has(SERVICE):
        return {}
    by_claim = {labels.CLAIM_NAME: claim.name, labels.CLAIM_NAMESPACE: claim.namespace}
    return {
        requirement(other): Selector(f"{api.GROUP}/{api.VERSION}", api.COMPOSITE_PREFIX + other, namespace="", match_labels=by_claim)
        for other in api.NAMED_KINDS
        if other != kind
    }


def check_name(claim: Claim, kind: str, xr: Manifest, composed: Composed) -> None:
    """Raises NameTakenError if a claim of another kind had the name first."""
    for other in api.NAMED_KINDS:
        if other == kind or composed.has(SERVICE):
            continue
        for found in composed.required(requirement(other)) or ():
            if _belongs_to(found, claim) and _age(found, other) < _age(xr, kind):
                problem = f'"{claim.name}" is the name of an {other} in namespace {claim.namespace} already'
                raise NameTakenError("metadata.name", problem, f"create this {kind} under another name, or delete the {other} first")


def requirement(kind: str) -> str:
    """Name of the requirement for composites of that kind."""
    return f"namesake-{kind.lower()}"


def _belongs_to(composite: Observation, claim: Claim) -> bool:
    reference = part(composite, "spec", "claimRef")
    return (reference.get("name"), reference.get("namespace")) == (claim.name, claim.namespace)


def _age(composite: Observation, kind: str) -> tuple[bool, bool, str, str]:
    """Sorts by the time of creation, then by kind; a composite that is not in the cluster yet comes last.

    One that has begun comes before all that have not, whatever the clock says: times are whole seconds, and of two claims that come with
    one commit the first to begin may not have seen the other one.
    """
    has_begun = bool(parts(composite, "spec", "resourceRefs"))
    created = text(part(composite, "metadata").get("creationTimestamp"))
    return not has_begun, not created, created, kind

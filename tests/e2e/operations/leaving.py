"""What a deleted claim must not leave behind."""

from typing import Final

from tests.e2e.claims import Claim
from tests.e2e.cluster import Manifest, find, get, wrapped

GONE_SECONDS: Final = 180


def parts(claim: Claim) -> set[str]:
    """Everything in the namespace that has the claim's name in its own: composed, or made from that."""
    return {found for found in claim.namespace.everything() if claim.name in found.partition("/")[2]}


def composites(claim: Claim) -> list[Manifest]:
    labels = f"crossplane.io/claim-namespace={claim.namespace.name},crossplane.io/claim-name={claim.name}"
    return find(claim.api.composite, selector=labels)


def wait_nothing_left(claim: Claim, composite: str) -> None:
    claim.wait_for("left nothing in its namespace", lambda: not parts(claim), timeout_seconds=GONE_SECONDS)
    claim.wait_for("left no composite", lambda: not composites(claim) and not get(claim.api.composite, composite))
    claim.wait_for("left no Object", lambda: not wrapped(composite))

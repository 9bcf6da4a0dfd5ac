"""Names and labels of composed objects."""

from collections.abc import Mapping

from zerotouch_contract import labels
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest


def common_labels(claim: Claim, *, component: str) -> dict[str, str]:
    """The claim's own labels and the platform's; the platform's win."""
    return {
        **claim.labels,
        labels.APP: claim.name,
        labels.NAME: claim.name,
        labels.INSTANCE: claim.name,
        labels.COMPONENT: component,
        labels.PART_OF: labels.PLATFORM,
        labels.MANAGED_BY: labels.CROSSPLANE,
    }


def selector(claim: Claim) -> dict[str, str]:
    """What selects the claim's pods, for ever: selectors are immutable."""
    return {labels.APP: claim.name}


def object_meta(claim: Claim, *, component: str, name: str = "", annotations: Mapping[str, str] | None = None) -> Manifest:
    """Metadata of an object in the claim's namespace, named as the claim unless told otherwise."""
    metadata: Manifest = {"name": name or claim.name, "namespace": claim.namespace, "labels": common_labels(claim, component=component)}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return metadata

"""Names and labels of composed objects."""

from collections.abc import Mapping

from zerotouch_contract import labels
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest, content_hash


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


def with_release(manifest: Manifest) -> Manifest:
    """The same object, marked with the hash of its spec: seen on the observed object, it tells that this spec has arrived."""
    metadata = manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), labels.RELEASE: content_hash(manifest["spec"])}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def release(manifest: Manifest) -> str:
    """The mark that `with_release` left; empty where there is none."""
    return str((manifest.get("metadata", {}).get("annotations") or {}).get(labels.RELEASE, ""))

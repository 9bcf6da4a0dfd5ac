"""The composite resource that Crossplane makes of a claim."""

from typing import Any, Final

from zerotouch_function.manifest import Manifest, content_hash, without_empty

SUFFIX_LENGTH: Final = 5
"""Crossplane ends a composite's name in five random characters; a preview derives them from the claim, so that it is stable."""

CLAIM_ONLY: Final = ("compositeDeletePolicy", "publishConnectionDetailsTo", "resourceRef", "writeConnectionSecretToRef")
"""Crossplane's own fields that a claim has and its composite has not, or has with another meaning."""

RESERVED: Final = "kubernetes.io"
"""Keys of this domain and below it stay on the claim (Crossplane's claim syncer)."""


def composite(claim: Manifest, definition: dict[str, Any]) -> Manifest:
    """The XR of a claim whose defaults are filled in.

    Args:
        claim: The claim; without a namespace it is in `default`, as `kubectl apply` would have it.
        definition: Its XRD.
    """
    metadata = claim["metadata"]
    name, namespace = metadata["name"], metadata.get("namespace", "default")
    labels = {**_copied(metadata.get("labels")), "crossplane.io/claim-name": name, "crossplane.io/claim-namespace": namespace}
    reference = {"apiVersion": claim["apiVersion"], "kind": claim["kind"], "name": name, "namespace": namespace}
    spec = {key: value for key, value in claim.get("spec", {}).items() if key not in CLAIM_ONLY}
    return {
        "apiVersion": claim["apiVersion"],
        "kind": definition["spec"]["names"]["kind"],
        "metadata": {
            "name": f"{name}-{content_hash([namespace, name])[:SUFFIX_LENGTH]}",
            "labels": labels,
            **without_empty({"annotations": _copied(metadata.get("annotations"))}),
        },
        "spec": {**spec, "claimRef": reference},
    }


def _copied(pairs: dict[str, str] | None) -> dict[str, str]:
    """The labels or annotations that Crossplane copies from a claim."""
    return {key: value for key, value in (pairs or {}).items() if not key.partition("/")[0].endswith(RESERVED)}

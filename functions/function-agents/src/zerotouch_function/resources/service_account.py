"""The identity of a claim's pods."""

from collections.abc import Mapping

from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest
from zerotouch_function.resources.metadata import object_meta


def service_account(claim: Claim, *, component: str, annotations: Mapping[str, str]) -> Manifest:
    """A ServiceAccount whose token is not mounted: agents have no business with the cluster's API."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": object_meta(claim, component=component, annotations=annotations),
        "automountServiceAccountToken": False,
    }

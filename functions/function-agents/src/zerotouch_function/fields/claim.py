"""Whose composite resource this is: the claim behind it."""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from zerotouch_function.errors import RequestError, SpecError
from zerotouch_function.manifest import Manifest, part, text

MAX_CLAIM_NAME_LENGTH: Final = 47
"""KEDA labels its HPA `keda-hpa-<name>-scaler`, and a label value has 63 characters at most."""

DNS_1035: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
"""What a Service may be called."""

TAKEN: Final = (("default", None, "ServiceAccount"), ("kubernetes", "default", "Service"))
"""Names that Kubernetes gives to objects of its own, in a namespace or in each (None): a claim of that name would take them over."""

OTHERS_LABELS: Final = ("crossplane.io/",)
"""Prefixes of label keys that Crossplane puts on composite resources for itself."""


class Claim(Struct, frozen=True):
    """The claim's kind, name, namespace and labels, and the name of its composite resource (unique in the cluster)."""

    kind: str
    name: str
    namespace: str
    labels: Mapping[str, str]
    composite: str


def parse_claim(xr: Manifest, kind: str) -> Claim:
    """Reads the claim from its composite resource.

    Raises:
        SpecError: There is no claim, or its name cannot be that of its ServiceAccount, Service and scaler.
    """
    reference = part(xr, "spec", "claimRef")
    composite, name, namespace = text(part(xr, "metadata").get("name")), text(reference.get("name")), text(reference.get("namespace"))
    if not composite:
        raise RequestError("metadata.name", "the composite resource has no name")
    if not name or not namespace:
        raise SpecError(
            "spec.claimRef", f"X{kind} {composite} has no claim", f"create the claim (kind {kind}) in a namespace, not the X{kind}"
        )
    if len(name) > MAX_CLAIM_NAME_LENGTH or not DNS_1035.fullmatch(name):
        raise SpecError(
            "metadata.name",
            f'"{name}" is not {MAX_CLAIM_NAME_LENGTH} characters at most, of a-z, 0-9 and "-", with a letter first and no "-" at the end',
            "create the claim under another name",
        )
    for taken, where, owned in TAKEN:
        if name == taken and where in (None, namespace):
            problem = f'"{name}" is the name of a {owned} that Kubernetes itself keeps in namespace {namespace}'
            raise SpecError("metadata.name", problem, "create the claim under another name")
    labels = {key: text(value) for key, value in part(xr, "metadata", "labels").items() if not key.startswith(OTHERS_LABELS)}
    return Claim(kind=kind, name=name, namespace=namespace, labels=labels, composite=composite)

"""What a claim will become: the same `compose` that runs in the cluster, on the claim as it stands in a file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from zerotouch import catalogue
from zerotouch.composite import composite
from zerotouch.documents import Document
from zerotouch.errors import CommandError, NoClaimError, RefusedError
from zerotouch.schema import claim_schema, validate, with_defaults
from zerotouch_function import registry
from zerotouch_function.composition import Composition
from zerotouch_function.errors import FunctionError
from zerotouch_function.manifest import Manifest, part
from zerotouch_function.observed import Snapshot

RESOURCE_NAME = "crossplane.io/composition-resource-name"
"""Annotation that says which composed resource an observed object is; Crossplane sets it on everything that it composes."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A claim and its answer."""

    claim: Document
    composition: Composition

    @property
    def manifests(self) -> list[Manifest]:
        return [resource.manifest for resource in self.composition.resources.values()]


def claims(documents: Iterable[Document]) -> list[Document]:
    """The platform's claims among the documents.

    Raises:
        NoClaimError: There is none.
    """
    found = [document for document in documents if catalogue.is_claim(document.manifest)]
    if not found:
        kinds = ", ".join(sorted(catalogue.definitions()))
        raise NoClaimError(f"CLAIM: no claim of the platform was found; give a file or folder with one of these kinds: {kinds}")
    return found


def composite_of(claim: Document) -> Manifest:
    """The composite resource that Crossplane would make of the claim, defaults filled in.

    Raises:
        RefusedError: The API server would refuse the claim.
    """
    definition = catalogue.definitions()[claim.manifest["kind"]]
    schema = claim_schema(definition)
    wrong = validate(schema, claim.manifest)
    if wrong:
        raise RefusedError("\n".join(f"{problem}\n  in {claim.title}" for problem in wrong))
    return composite(with_defaults(schema, claim.manifest), definition)


def render(claim: Document, *, mode: str, observed: Sequence[Document] = ()) -> Rendered:
    """Composes a claim as the cluster would.

    Args:
        claim: The claim.
        mode: `direct` or `objects`.
        observed: Objects composed from it earlier, as in the cluster; by the annotation that Crossplane sets on each.

    Raises:
        CommandError: The claim is refused, by its schema or by the function.
    """
    xr = composite_of(claim)
    snapshot = Snapshot({_resource_name(document): document.manifest for document in observed})
    try:
        composition = registry.compose(xr, snapshot, catalogue.composition_input(xr["kind"], mode))
    except FunctionError as error:
        raise RefusedError(f"{error}\n  in {claim.title}") from None
    return Rendered(claim, composition)


def _resource_name(document: Document) -> str:
    name = part(document.manifest, "metadata", "annotations").get(RESOURCE_NAME)
    if not name:
        raise CommandError(f"--observed: {document.title} has no annotation {RESOURCE_NAME}; save it with `kubectl get -o yaml` as it is")
    return str(name)


def as_data(rendered: Rendered) -> dict[str, Any]:
    """The answer for programs: claim, objects by resource name, status and conditions."""
    metadata = rendered.claim.manifest["metadata"]
    return {
        "claim": {"kind": rendered.claim.manifest["kind"], "namespace": metadata.get("namespace", "default"), "name": metadata["name"]},
        "resources": {
            key: {"manifest": resource.manifest, "ready": resource.is_ready} for key, resource in rendered.composition.resources.items()
        },
        "status": rendered.composition.status,
        "conditions": [
            {"type": c.type, "status": str(c.status), "reason": c.reason, "message": c.message} for c in rendered.composition.conditions
        ],
    }

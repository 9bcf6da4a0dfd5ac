"""Whether claims will be accepted, and whether what they become will be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zerotouch import catalogue
from zerotouch.documents import Document
from zerotouch.errors import RefusedError
from zerotouch.namespaces import convention_breaks
from zerotouch.render import claims, render
from zerotouch.schema import check_manifest, claim_schema
from zerotouch.schema import validate as validate_schema


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one document."""

    message: str
    document: Document

    @property
    def text(self) -> str:
        return f"{self.message}\n  in {self.document.title}"

    def as_data(self) -> dict[str, str]:
        return {"message": self.message, "document": self.document.title, "source": self.document.source}


@dataclass(slots=True)
class Report:
    """What was found."""

    checked: int = 0
    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        return {
            "checked": self.checked,
            "problems": [finding.as_data() for finding in self.problems],
            "warnings": [finding.as_data() for finding in self.warnings],
        }


def validate(documents: Sequence[Document], *, mode: str) -> Report:
    """Checks every claim, its objects, and the namespaces beside them.

    Raises:
        NoClaimError: There is no claim.
    """
    report = Report()
    for claim in claims(documents):
        report.checked += 1
        report.problems += [Finding(message, claim) for message in _wrong(claim, mode)]
    report.warnings += [Finding(message, document) for document in documents for message in convention_breaks(document.manifest)]
    return report


def _wrong(claim: Document, mode: str) -> list[str]:
    """The claim's own faults; without any, those of the objects that it becomes."""
    schema = claim_schema(catalogue.definitions()[claim.manifest["kind"]])
    refused = [str(problem) for problem in validate_schema(schema, claim.manifest)]
    if refused:
        return refused
    try:
        manifests = render(claim, mode=mode).manifests
    except RefusedError as error:
        return [str(error).partition("\n  in ")[0]]
    return [
        f"{manifest['kind']} {manifest['metadata']['name']}: {problem}" for manifest in manifests for problem in check_manifest(manifest)
    ]

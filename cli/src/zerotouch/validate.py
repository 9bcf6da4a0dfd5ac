"""Whether claims will be accepted, and whether what they become will be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zerotouch import catalogue
from zerotouch.documents import Document
from zerotouch.errors import RefusedError
from zerotouch.names import shared
from zerotouch.namespaces import convention_breaks
from zerotouch.render import claims, render
from zerotouch.schema import check_manifest, claim_schema
from zerotouch.schema import validate as validate_schema
from zerotouch.strays import foreign, misnamed


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
    """Checks every claim, its objects, and what stands beside them: namespaces, and documents that only look like claims.

    Raises:
        NoClaimError: There is no claim, and nothing that looks like one.
    """
    strays = [Finding(str(problem), document) for document in documents for problem in misnamed(document.manifest)]
    found = [document for document in documents if catalogue.is_claim(document.manifest)] if strays else claims(documents)
    report = Report(len(strays), strays)
    for claim in found:
        report.checked += 1
        report.problems += [Finding(message, claim) for message in _wrong(claim, mode)]
    for claim, problem, is_certain in shared(found):
        (report.problems if is_certain else report.warnings).append(Finding(str(problem), claim))
    for document in documents:
        messages = [*map(str, foreign(document.manifest)), *convention_breaks(document.manifest)]
        report.warnings += [Finding(message, document) for message in messages]
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

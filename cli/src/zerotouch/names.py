"""Claims that want one name: the second replaces the first, or is refused beside it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from zerotouch.documents import Document
from zerotouch.schema.problem import Problem


def shared(claims: Iterable[Document]) -> Iterator[tuple[Document, Problem, bool]]:
    """Each claim whose namespace and name an earlier one has, whatever its kind: all kinds make objects of the claim's name.

    The last value is True for two of one folder. Those of different folders may be meant for different clusters.
    """
    earlier: dict[tuple[str, str], list[Document]] = {}
    for claim in claims:
        others = earlier.setdefault((claim.namespace, claim.name), [])
        if claim.name and others:
            beside = next((other for other in others if _folder(other) == _folder(claim)), None)
            yield claim, _problem(claim, beside or others[0]), beside is not None
        others.append(claim)


def _problem(claim: Document, other: Document) -> Problem:
    kind = other.manifest["kind"]
    if kind == claim.manifest["kind"]:
        return Problem("metadata.name", f"the same {kind} is in {other.source} already", "remove one of them, or give it another name")
    where = f"an {kind} in namespace {claim.namespace} already, in {other.source}"
    return Problem("metadata.name", f'"{claim.name}" is the name of {where}', "give one of them another name")


def _folder(document: Document) -> Path:
    return Path(document.source).parent

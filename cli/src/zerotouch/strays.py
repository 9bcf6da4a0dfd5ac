"""Documents that look like claims of the platform and are none: whoever reads only claims passes over them in silence."""

from zerotouch import catalogue
from zerotouch.schema.problem import Problem, did_you_mean
from zerotouch_contract import api
from zerotouch_function.manifest import Manifest, text

API_VERSION = f"{api.GROUP}/{api.VERSION}"


def misnamed(manifest: Manifest) -> list[Problem]:
    """A kind that the platform does not have, or one of its kinds under an apiVersion that is missing or misspelt."""
    group, _, version = str(manifest.get("apiVersion") or "").rpartition("/")
    kind, kinds = text(manifest.get("kind")), catalogue.definitions()
    if group == api.GROUP and kind not in {*kinds, *(definition["spec"]["names"]["kind"] for definition in kinds.values())}:
        known = f"write one of {', '.join(sorted(kinds))}"
        return [
            Problem("kind", f'{api.GROUP} has no kind "{kind}"' if kind else "must be the name of a kind", did_you_mean(kind, kinds, known))
        ]
    if kind not in kinds or group == api.GROUP or (group and not _is_near(manifest)):
        return []
    return [Problem("apiVersion", f'{kind} is not of "{group or version}"' if group or version else "is missing", f"write {API_VERSION}")]


def foreign(manifest: Manifest) -> list[Problem]:
    """One of the platform's kinds under an apiVersion of quite another name: it may be another project's."""
    group, kind = str(manifest.get("apiVersion") or "").rpartition("/")[0], text(manifest.get("kind"))
    if kind not in catalogue.definitions() or group in ("", api.GROUP) or _is_near(manifest):
        return []
    return [Problem("apiVersion", f'{kind} of "{group}" is not the platform\'s', f"if it is meant to be, write {API_VERSION}")]


def _is_near(manifest: Manifest) -> bool:
    return bool(did_you_mean(manifest.get("apiVersion"), [API_VERSION]))

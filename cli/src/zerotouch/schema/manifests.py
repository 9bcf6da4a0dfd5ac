"""Composed objects against the schema of their kind, and what stands inside a provider-kubernetes Object against its own."""

from typing import Final

from zerotouch.schema.bundled import bundled, object_schema
from zerotouch.schema.kubernetes import kubernetes_schema
from zerotouch.schema.problem import Problem, Schema
from zerotouch.schema.validation import validate
from zerotouch_function.manifest import Manifest

BUNDLED: Final = {
    ("keda.sh/v1alpha1", "ScaledObject"): "scaledobject",
    ("keda.sh/v1alpha1", "TriggerAuthentication"): "triggerauthentication",
    ("kubernetes.crossplane.io/v1alpha2", "Object"): "object",
}
"""Kinds that are not Kubernetes' own, and the file with their schema."""

WRAPPED: Final = "spec.forProvider.manifest"
"""Where a provider-kubernetes Object holds the object that it stands for."""


def check_manifest(manifest: Manifest) -> list[Problem]:
    """Why the cluster would refuse an object of the composition; a kind without a schema is a problem too."""
    api_version, kind = str(manifest.get("apiVersion", "")), str(manifest.get("kind", ""))
    schema = _schema(api_version, kind)
    if schema is None:
        return [Problem("kind", f"there is no schema for {kind or 'an object without a kind'} of {api_version or 'no apiVersion'}")]
    problems = validate(schema, manifest)
    if (api_version, kind) != ("kubernetes.crossplane.io/v1alpha2", "Object") or problems:
        return problems
    inside = check_manifest(manifest["spec"]["forProvider"]["manifest"])
    return [Problem(f"{WRAPPED}.{problem.path}".rstrip("."), problem.message, problem.remedy) for problem in inside]


def _schema(api_version: str, kind: str) -> Schema | None:
    if (api_version, kind) in BUNDLED:
        return object_schema(api_version, kind, bundled(BUNDLED[api_version, kind]))
    return kubernetes_schema(api_version, kind)

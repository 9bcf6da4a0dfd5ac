"""The schema that Crossplane makes of a CompositeResourceDefinition for its claim.

It is that of Crossplane 2.4 (`pkg/xcrd` of crossplane-runtime). Crossplane 1.20 differs in one point: it drops the rules at the root.
"""

from typing import Final

from zerotouch.schema.bundled import bundled, object_schema
from zerotouch.schema.problem import Schema
from zerotouch_function.manifest import Manifest

MAX_NAME_LENGTH: Final = 63
"""Longest name of a claim, in characters: Crossplane writes it into labels."""

KEPT_OF_SPEC: Final = ("description", "oneOf", "required", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations")
"""What Crossplane takes over from the XRD's `spec` beside its properties."""

KEPT_OF_STATUS: Final = ("description", "oneOf", "required", "x-kubernetes-validations")
"""What Crossplane takes over from the XRD's `status` beside its properties."""

KEPT_OF_ROOT: Final = ("description", "x-kubernetes-validations")
"""What Crossplane takes over from the root of the XRD's schema."""


def claim_schema(definition: Manifest) -> Schema:
    """The schema of an XRD's claim, in the XRD's referenceable version."""
    spec = definition["spec"]
    (version,) = (version for version in spec["versions"] if version["referenceable"])
    machinery: Schema = bundled("crossplane")["claimSpec"]
    policy = {**machinery["compositeDeletePolicy"], "default": spec.get("defaultCompositeDeletePolicy", "Background")}
    own: Schema = version["schema"]["openAPIV3Schema"]
    parts: Schema = own.get("properties", {})
    fields = {
        **_kept(own, KEPT_OF_ROOT),
        "required": ["spec"],
        "properties": {
            "spec": _merged(parts.get("spec", {}), KEPT_OF_SPEC, {**machinery, "compositeDeletePolicy": policy}),
            "status": _merged(parts.get("status", {}), KEPT_OF_STATUS, bundled("crossplane")["status"]),
        },
    }
    schema = object_schema(f"{spec['group']}/{version['name']}", spec["claimNames"]["kind"], fields)
    schema["properties"]["metadata"] = _metadata(parts.get("metadata", {}))
    return schema


def _merged(own: Schema, kept: tuple[str, ...], machinery: Schema) -> Schema:
    """The XRD's own part with Crossplane's fields beside it; where both have a field, Crossplane's wins."""
    return {"type": "object", **_kept(own, kept), "properties": {**own.get("properties", {}), **machinery}}


def _metadata(own: Schema) -> Schema:
    """What every object's metadata may hold; of the XRD's own wishes only a shorter name counts."""
    common = bundled("metadata")
    wish = own.get("properties", {}).get("name", {}).get("maxLength", MAX_NAME_LENGTH)
    name = {**common["properties"]["name"], "maxLength": min(wish, MAX_NAME_LENGTH)}
    return {**common, "properties": {**common["properties"], "name": name}}


def _kept(schema: Schema, words: tuple[str, ...]) -> Schema:
    return {word: schema[word] for word in words if word in schema}

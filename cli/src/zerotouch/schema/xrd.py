"""The schemas that Crossplane makes of a CompositeResourceDefinition: one for the claim, one for the composite resource.

They are those of Crossplane 2.4 (`pkg/xcrd` of crossplane-runtime) for an XRD with claims. Crossplane 1.20 differs in one point: it
drops the rules at the root.
"""

from typing import Final

from zerotouch.schema.bundled import bundled, object_schema
from zerotouch.schema.problem import Schema
from zerotouch_function.manifest import Manifest

MAX_NAME_LENGTH: Final = 63
"""Longest name of a claim or a composite resource, in characters: Crossplane writes it into labels."""

KEPT_OF_SPEC: Final = ("description", "oneOf", "required", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations")
"""What Crossplane takes over from the XRD's `spec` beside its properties."""

KEPT_OF_STATUS: Final = ("description", "oneOf", "required", "x-kubernetes-validations")
"""What Crossplane takes over from the XRD's `status` beside its properties."""

KEPT_OF_ROOT: Final = ("description", "x-kubernetes-validations")
"""What Crossplane takes over from the root of the XRD's schema."""


def claim_schema(definition: Manifest, version: str = "") -> Schema:
    """The schema of an XRD's claim.

    Args:
        definition: The XRD.
        version: One of its versions; the referenceable one if it has none of that name.
    """
    spec = definition["spec"]
    policy = {"compositeDeletePolicy": spec.get("defaultCompositeDeletePolicy", "Background")}
    return _schema(definition, spec["claimNames"]["kind"], version, _with_defaults(bundled("crossplane")["claimSpec"], policy))


def composite_schema(definition: Manifest, version: str = "") -> Schema:
    """The schema of an XRD's composite resource; the arguments are those of `claim_schema`."""
    spec = definition["spec"]
    policy = {"compositionUpdatePolicy": spec.get("defaultCompositionUpdatePolicy", "Automatic")}
    return _schema(definition, spec["names"]["kind"], version, _with_defaults(bundled("crossplane")["compositeSpec"], policy))


def _schema(definition: Manifest, kind: str, version_name: str, machinery: Schema) -> Schema:
    version = _version(definition, version_name)
    own: Schema = version["schema"]["openAPIV3Schema"]
    parts: Schema = own.get("properties", {})
    fields = {
        **_kept(own, KEPT_OF_ROOT),
        "required": ["spec"],
        "properties": {
            "spec": _merged(parts.get("spec", {}), KEPT_OF_SPEC, machinery),
            "status": _merged(parts.get("status", {}), KEPT_OF_STATUS, bundled("crossplane")["status"]),
        },
    }
    schema = object_schema(f"{definition['spec']['group']}/{version['name']}", kind, fields)
    schema["properties"]["metadata"] = _metadata(parts.get("metadata", {}))
    return schema


def _version(definition: Manifest, name: str) -> Manifest:
    versions: list[Manifest] = definition["spec"]["versions"]
    named = [version for version in versions if version["name"] == name and version["served"]]
    return (named or [version for version in versions if version["referenceable"]])[0]


def _merged(own: Schema, kept: tuple[str, ...], machinery: Schema) -> Schema:
    """The XRD's own part with Crossplane's fields beside it; where both have a field, Crossplane's wins."""
    return {"type": "object", **_kept(own, kept), "properties": {**own.get("properties", {}), **machinery}}


def _metadata(own: Schema) -> Schema:
    """What every object's metadata may hold; of the XRD's own wishes only a shorter name counts."""
    common = bundled("metadata")
    wish = own.get("properties", {}).get("name", {}).get("maxLength", MAX_NAME_LENGTH)
    name = {**common["properties"]["name"], "maxLength": min(wish, MAX_NAME_LENGTH)}
    return {**common, "properties": {**common["properties"], "name": name}}


def _with_defaults(fields: Schema, defaults: dict[str, str]) -> Schema:
    return {**fields, **{name: {**fields[name], "default": value} for name, value in defaults.items()}}


def _kept(schema: Schema, words: tuple[str, ...]) -> Schema:
    return {word: schema[word] for word in words if word in schema}

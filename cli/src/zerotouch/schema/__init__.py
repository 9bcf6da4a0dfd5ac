"""What the API server would say of an object, without one: defaults, schema checks and CEL rules, evaluated offline.

XRD or bundled file → schema → with_defaults → walk → structural, unknown, rules → problems
"""

from zerotouch.schema.defaults import with_defaults
from zerotouch.schema.manifests import check_manifest
from zerotouch.schema.problem import Problem, Schema
from zerotouch.schema.validation import validate
from zerotouch.schema.xrd import claim_schema

__all__ = ["Problem", "Schema", "check_manifest", "claim_schema", "validate", "with_defaults"]

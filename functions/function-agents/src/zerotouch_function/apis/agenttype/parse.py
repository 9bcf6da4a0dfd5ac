"""From a composite's spec to a parsed one, or to the error that tells the claim's author what to change."""

from zerotouch_function.apis.agenttype.rules import check
from zerotouch_function.apis.agenttype.spec import AgentTypeSpec
from zerotouch_function.errors import SpecError
from zerotouch_function.fields.parse import parse as parse_fields
from zerotouch_function.manifest import Manifest


def parse(spec: Manifest) -> AgentTypeSpec:
    """Parses a composite's spec. Past this point nobody checks it again.

    Raises:
        SpecError: A field is missing, out of bounds, or contradicts another one.
    """
    parsed = parse_fields(AgentTypeSpec, spec, root="spec", error=SpecError)
    check(parsed)
    return parsed

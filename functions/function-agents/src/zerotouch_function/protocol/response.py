"""A composition, or a refusal, as Crossplane's response."""

from collections.abc import Mapping, Sequence
from typing import Final

from crossplane.function.proto.v1 import run_function_pb2 as v1

from zerotouch_function.composition import Composition, Condition, Selector, Status
from zerotouch_function.errors import FunctionError
from zerotouch_function.manifest import Manifest
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.closing import encode, with_length
from zerotouch_function.protocol.request import knows_required_resources
from zerotouch_function.protocol.structs import decode_object

TTL_SECONDS: Final = 60
"""How long an answer holds before Crossplane asks again although nothing changed."""

UNDER_WAY_SECONDS: Final = 15
"""The same while an object is not ready. After some 50 changes Crossplane overlooks further ones for a while (its circuit breaker), and
this look at the clock is then what brings the claim's status up to date."""

META: Final = bytes([v1.RunFunctionResponse.META_FIELD_NUMBER << 3 | 2])
TAG: Final = bytes([v1.ResponseMeta.TAG_FIELD_NUMBER << 3 | 2])
"""What stands before the two fields in their messages."""

STATUS: Final = {
    Status.TRUE: v1.STATUS_CONDITION_TRUE,
    Status.FALSE: v1.STATUS_CONDITION_FALSE,
    Status.UNKNOWN: v1.STATUS_CONDITION_UNKNOWN,
}


def composed(request: v1.RunFunctionRequest, composition: Composition) -> v1.RunFunctionResponse:
    """Adds a composition to what earlier steps of the pipeline desire."""
    response = _response_after(request)
    if not all(resource.is_ready for resource in composition.resources.values()):
        response.meta.ttl.seconds = UNDER_WAY_SECONDS
    for key, resource in composition.resources.items():
        desired = response.desired.resources[key]
        wire.set_resource_struct(desired, encode(resource.manifest))
        desired.ready = v1.READY_TRUE if resource.is_ready else v1.READY_FALSE
    if composition.status:
        _add_status(response.desired.composite, composition.status)
    _add_conditions(response, composition.conditions)
    _add_requirements(request, response, composition.requirements)
    return response


def refused(request: v1.RunFunctionRequest, error: FunctionError, conditions: Sequence[Condition]) -> v1.RunFunctionResponse:
    """Says what is wrong, and leaves what earlier steps of the pipeline desire as it is."""
    response = _response_after(request)
    response.results.add(severity=v1.SEVERITY_FATAL, reason=error.reason, message=str(error), target=v1.TARGET_COMPOSITE_AND_CLAIM)
    _add_conditions(response, conditions)
    return response


def tagged(request: v1.RunFunctionRequest) -> bytes:
    """A response that says only which request it answers."""
    return with_length(META, with_length(TAG, request.meta.tag.encode()))


def response_to(request: v1.RunFunctionRequest) -> v1.RunFunctionResponse:
    """A response that says only which request it answers, and for how long."""
    response = wire.Response()
    response.meta.tag = request.meta.tag
    response.meta.ttl.seconds = TTL_SECONDS
    return response


def _response_after(request: v1.RunFunctionRequest) -> v1.RunFunctionResponse:
    """A response that hands on what earlier steps of the pipeline desire."""
    response = response_to(request)
    if request.HasField("desired"):
        response.desired.CopyFrom(request.desired)
    wire.copy_context(request, response)
    return response


def _add_conditions(response: v1.RunFunctionResponse, conditions: Sequence[Condition]) -> None:
    """Without a target they would stay on the composite resource, where the claim's author does not look."""
    for condition in conditions:
        response.conditions.add(
            type=condition.type,
            status=STATUS[condition.status],
            reason=condition.reason,
            message=condition.message,
            target=v1.TARGET_COMPOSITE_AND_CLAIM,
        )


def _add_requirements(request: v1.RunFunctionRequest, response: v1.RunFunctionResponse, wanted: Mapping[str, Selector]) -> None:
    """Fills the one field that this Crossplane reads: v2 would look up both, and v1.20 compares what it does not know byte by byte."""
    is_new = knows_required_resources(request)
    for name, selector in wanted.items():
        requirements = response.requirements.resources if is_new else response.requirements.extra_resources
        entry = requirements[name]
        entry.api_version = selector.api_version
        entry.kind = selector.kind
        entry.match_labels.labels.update(selector.match_labels)
        if is_new and selector.namespace:
            entry.namespace = selector.namespace


def _add_status(composite: v1.Resource, status: Manifest) -> None:
    struct = wire.resource_struct(composite)
    desired = decode_object(struct, "desired.composite.resource") if struct else {}
    wire.set_resource_struct(composite, encode(_merged(desired, {"status": status})))


def _merged(below: Manifest, above: Manifest) -> Manifest:
    """Both objects in one; where both say something, the one above is right."""
    merged = dict(below)
    for key, value in above.items():
        other = below.get(key)
        merged[key] = _merged(other, value) if isinstance(other, dict) and isinstance(value, dict) else value
    return merged

"""What a request says, opened as far as somebody asks."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from crossplane.function.proto.v1 import run_function_pb2 as v1

from zerotouch_function import wire
from zerotouch_function.errors import RequestError
from zerotouch_function.manifest import Manifest, Observation
from zerotouch_function.structs import ABSENT, DAMAGE, Fields, canonical, canonical_value, damaged, decode_object, fields_of, object_in
from zerotouch_function.trace import Trace, Traced
from zerotouch_function.view import View

CALLER: Final = "call this function from a step of a Composition"
COMPOSITE: Final = "observed.composite.resource"
AN_OBJECT: Final = b"\x2a"
"""First byte of a closed value that is an object."""

KEYS: Final = "keys"
"""Under which the trace has the keys of all composed objects."""

READ_METADATA: Final = ("name", "namespace", "labels", "creationTimestamp")
"""The metadata of a composite resource that an answer may depend on; versions and times change without a meaning."""

UNREAD_STATUS: Final = frozenset({"conditions", "claimConditionTypes"})
"""What Crossplane keeps in a composite's status for itself."""

REQUIRED: Final = "required:"
"""Under which, with its name, the trace has what was found for a requirement."""

Question: TypeAlias = tuple[bytes, ...]
"""A request without its observed state, comparable."""


class RequestState:
    """The state in a request. Objects are opened when somebody asks for them, and then once.

    Attributes:
        kind: Kind of the composite resource; empty until `composite` has read one.
        trace: Everything of the observed and required state that was read so far.
    """

    def __init__(self, request: v1.RunFunctionRequest) -> None:
        self.kind = ""
        self.trace = Trace()
        self._request = request
        self._composite: Manifest = {}
        self._views: dict[str, View] = {}
        self._traced: dict[str, Traced] = {}

    def composite(self) -> Manifest:
        """The composite resource: what it is called, what it asks for, and its status as far as it is ours.

        Raises:
            RequestError: There is none, or it is damaged.
        """
        if not self._composite:
            xr = _open(self._request.observed.composite, COMPOSITE)
            for key in ("apiVersion", "kind"):
                if not isinstance(xr.get(key), str):
                    raise RequestError(f"{COMPOSITE}.{key}", "is not a text", CALLER)
            self._composite, self.kind = _as_asked(xr), xr["kind"]
        return self._composite

    def function_input(self) -> Manifest:
        """What the Composition's pipeline step passes to the function; empty if it passes nothing."""
        struct = wire.input_struct(self._request)
        return decode_object(struct, "input") if struct else {}

    def get(self, key: str) -> Observation | None:
        if not self.has(key):
            return None
        if key not in self._traced:
            self._traced[key] = Traced(self._view(key), self.trace, key)
        return self._traced[key]

    def has(self, key: str) -> bool:
        exists = self._exists(key)
        self.trace.exists[key] = exists
        return exists

    def keys(self) -> Sequence[str]:
        keys = sorted(self._request.observed.resources)
        self.trace.others[KEYS] = "\n".join(keys).encode()
        return keys

    def required(self, name: str) -> Sequence[Observation] | None:
        """Objects found for a requirement: cluster-scoped ones, and those in the claim's own namespace.

        Crossplane v1.20 looks in all namespaces, whatever the selector says. No claim may see another namespace's objects.
        """
        self.trace.others[REQUIRED + name] = self._required_fingerprint(name)
        found = self._found()
        if name not in found:
            return None
        namespace = claim_namespace(self.composite())
        items = (_open(item, f"required_resources[{name}].resource") for item in found[name].items)
        return [item for item in items if item["metadata"].get("namespace") in (None, "", namespace)]

    def question(self) -> Question:
        """Everything that an answer depends on, whatever it reads: the composite, the input, what this Crossplane can do.

        Raises:
            RequestError: The composite resource is missing or damaged.
        """
        request = self._request
        try:
            composite = object_fields(request.observed.composite, COMPOSITE)
            metadata, status = object_in(composite, "metadata") or {}, object_in(composite, "status") or {}
        except DAMAGE as error:
            raise damaged(COMPOSITE) from error
        own_status = sorted(key for key in status if key not in UNREAD_STATUS)
        return (
            composite.get("apiVersion", ABSENT),
            composite.get("kind", ABSENT),
            canonical_value(composite.get("spec", ABSENT), COMPOSITE),
            *[canonical_value(metadata.get(part, ABSENT), COMPOSITE) for part in READ_METADATA],
            canonical(wire.input_struct(request), "input"),
            repr(request.meta.capabilities).encode(),
            *[key.encode() + b"=" + canonical_value(status[key], COMPOSITE) for key in own_status],
        )

    def reads_as(self, trace: Trace) -> bool:
        """Whether everything that was read of another request reads the same in this one."""
        resources = self._request.observed.resources
        for key, existed in trace.exists.items():
            if (key in resources) is not existed:
                return False
        try:
            is_same = trace.reads_same(lambda key: object_fields(resources[key], field_of(key)))
        except (*DAMAGE, RequestError):
            return False  # whoever composes it anew tells where
        return is_same and all(self._reads_now(name) == read for name, read in trace.others.items())

    def _reads_now(self, name: str) -> bytes:
        if name == KEYS:
            return "\n".join(sorted(self._request.observed.resources)).encode()
        return self._required_fingerprint(name.removeprefix(REQUIRED))

    def _exists(self, key: str) -> bool:
        return key in self._request.observed.resources  # reading a protobuf map by index would create the entry

    def _view(self, key: str) -> View:
        if key not in self._views:
            self._views[key] = _view(self._request.observed.resources[key], field_of(key))
        return self._views[key]

    def _found(self) -> Mapping[str, v1.Resources]:
        request = self._request
        return request.required_resources if knows_required_resources(request) else request.extra_resources

    def _required_fingerprint(self, name: str) -> bytes:
        found = self._found()
        if name not in found:
            return b""
        closed = [canonical(wire.resource_struct(item) or b"", f"required_resources[{name}].resource") for item in found[name].items]
        return b"found" + b"".join(len(part).to_bytes(4) + part for part in closed)


def knows_required_resources(request: v1.RunFunctionRequest) -> bool:
    """Whether this Crossplane reads `requirements.resources`; v1.20 knows `extra_resources` only, and v2.0 and v2.1 do not say."""
    return v1.CAPABILITY_REQUIRED_RESOURCES in request.meta.capabilities


def stands_alone(request: v1.RunFunctionRequest) -> bool:
    """Whether no earlier step of the pipeline has left anything that the answer has to carry."""
    return not request.desired.ByteSize() and not request.HasField("context")


def claim_namespace(xr: Manifest) -> str:
    """The namespace that a composite resource works for; empty if neither it nor a claim has one."""
    claim = (xr.get("spec") or {}).get("claimRef")
    namespace = claim.get("namespace") if isinstance(claim, dict) else None
    return str(namespace or xr["metadata"].get("namespace") or "")


def _as_asked(xr: Manifest) -> Manifest:
    """The composite less what changes without a meaning, so that it is all in the question."""
    metadata = {key: value for key, value in xr["metadata"].items() if key in READ_METADATA}
    status = {key: value for key, value in xr.get("status", {}).items() if key not in UNREAD_STATUS}
    return {"apiVersion": xr["apiVersion"], "kind": xr["kind"], "metadata": metadata, "spec": xr.get("spec", {}), "status": status}


def _open(resource: v1.Resource, field: str) -> Manifest:
    """Opens a Kubernetes object, all but the part of its metadata that nobody reads."""
    _view(resource, field)
    manifest = decode_object(wire.resource_struct(resource) or b"", field)
    manifest.setdefault("metadata", {})
    return manifest


def object_fields(resource: v1.Resource, field: str) -> Fields:
    """The fields of a Kubernetes object, which has the shape that every one has. Raises DecodeError, or RequestError for another shape."""
    struct = wire.resource_struct(resource)
    if not struct:
        raise RequestError(field, "is missing", CALLER)
    fields = fields_of(struct)
    for part in ("metadata", "spec", "status"):
        if fields.get(part, AN_OBJECT)[:1] != AN_OBJECT:
            raise RequestError(f"{field}.{part}", "is not an object", CALLER)
    return fields


def _view(resource: v1.Resource, field: str) -> View:
    """A Kubernetes object, to be opened as far as somebody looks."""
    try:
        return View(object_fields(resource, field), field)
    except DAMAGE as error:
        raise damaged(field) from error


def field_of(key: str) -> str:
    """Where in the request an observed object lies."""
    return f"observed.resources[{key}].resource"

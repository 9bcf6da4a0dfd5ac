"""What a request says, opened as far as somebody asks."""

from collections.abc import Mapping, Sequence
from typing import Final

from crossplane.function.proto.v1 import run_function_pb2 as v1

from zerotouch_function import wire
from zerotouch_function.errors import RequestError
from zerotouch_function.manifest import Manifest, Observation
from zerotouch_function.structs import View, decode_object

CALLER: Final = "call this function from a step of a Composition"


class RequestState:
    """The observed state in a request. Objects are opened when somebody asks for them, and then once.

    Attributes:
        kind: Kind of the composite resource; empty until `composite` has read one.
    """

    def __init__(self, request: v1.RunFunctionRequest) -> None:
        self.kind = ""
        self._request = request
        self._composite: Manifest = {}
        self._opened: dict[str, Observation] = {}

    def composite(self) -> Manifest:
        """The composite resource.

        Raises:
            RequestError: There is none, or it is damaged.
        """
        if not self._composite:
            xr = _open(self._request.observed.composite, "observed.composite.resource")
            for key in ("apiVersion", "kind"):
                if not isinstance(xr.get(key), str):
                    raise RequestError(f"observed.composite.resource.{key}", "is not a text", CALLER)
            self._composite, self.kind = xr, xr["kind"]
        return self._composite

    def function_input(self) -> Manifest:
        """What the Composition's pipeline step passes to the function; empty if it passes nothing."""
        struct = wire.input_struct(self._request)
        return decode_object(struct, "input") if struct else {}

    def get(self, key: str) -> Observation | None:
        resources = self._request.observed.resources
        if key not in resources:  # reading a protobuf map by index would create the entry
            return None
        if key not in self._opened:
            self._opened[key] = _view(resources[key], f"observed.resources[{key}].resource")
        return self._opened[key]

    def has(self, key: str) -> bool:
        return key in self._request.observed.resources

    def keys(self) -> Sequence[str]:
        return sorted(self._request.observed.resources)

    def required(self, name: str) -> Sequence[Observation] | None:
        """Objects found for a requirement: cluster-scoped ones, and those in the claim's own namespace.

        Crossplane v1.20 looks in all namespaces, whatever the selector says. No claim may see another namespace's objects.
        """
        request = self._request
        found = request.required_resources if knows_required_resources(request) else request.extra_resources
        if name not in found:
            return None
        namespace = claim_namespace(self.composite())
        items = (_open(item, f"required_resources[{name}].resource") for item in found[name].items)
        return [item for item in items if item["metadata"].get("namespace") in (None, "", namespace)]


def knows_required_resources(request: v1.RunFunctionRequest) -> bool:
    """Whether this Crossplane reads `requirements.resources`; v1.20 knows `extra_resources` only, and v2.0 and v2.1 do not say."""
    return v1.CAPABILITY_REQUIRED_RESOURCES in request.meta.capabilities


def claim_namespace(xr: Manifest) -> str:
    """The namespace that a composite resource works for; empty if neither it nor a claim has one."""
    claim = (xr.get("spec") or {}).get("claimRef")
    namespace = claim.get("namespace") if isinstance(claim, dict) else None
    return str(namespace or xr["metadata"].get("namespace") or "")


def _open(resource: v1.Resource, field: str) -> Manifest:
    """Opens a Kubernetes object, and makes sure that it has the shape that every one has."""
    struct = wire.resource_struct(resource)
    if not struct:
        raise RequestError(field, "is missing", CALLER)
    manifest = decode_object(struct, field)
    manifest.setdefault("metadata", {})
    _check_shape(manifest, field)
    return manifest


def _view(resource: v1.Resource, field: str) -> Observation:
    """The same, opened as far as somebody looks."""
    struct = wire.resource_struct(resource)
    if not struct:
        raise RequestError(field, "is missing", CALLER)
    view = View(struct, field)
    _check_shape(view, field)
    return view


def _check_shape(manifest: Observation, field: str) -> None:
    for part in ("metadata", "spec", "status"):
        if not isinstance(manifest.get(part, {}), Mapping):
            raise RequestError(f"{field}.{part}", "is not an object", CALLER)

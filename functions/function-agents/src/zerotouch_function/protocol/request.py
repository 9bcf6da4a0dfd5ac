"""What a request says, opened as far as somebody asks."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from crossplane.function.proto.v1 import run_function_pb2 as v1

from zerotouch_function.errors import RequestError
from zerotouch_function.manifest import Manifest, Observation
from zerotouch_function.ownership import owners_of
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.asked import COMPOSITE, Asked
from zerotouch_function.protocol.structs import DAMAGE, canonical, damaged, decode_object
from zerotouch_function.protocol.trace import Trace, Traced
from zerotouch_function.protocol.view import CALLER, View, object_fields

KEYS: Final = "keys"
"""Under which the trace has the keys of all composed objects."""

OWNERS: Final = "owners:"
"""Under which, with its key and a field's path on lines of their own, the trace has who owns that field of a composed object."""

REQUIRED: Final = "required:"
"""Under which, with its name, the trace has what was found for a requirement."""

INPUTS: Final = 256
"""Inputs that are kept opened: those of some Compositions, with their fields in any order."""

INPUT_BYTES: Final = 1024
"""Longest input that is kept opened."""

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
        self._asks: Asked | None = None
        self._composite: Manifest = {}
        self._views: dict[str, View] = {}
        self._traced: dict[str, Traced] = {}

    def composite(self) -> Manifest:
        """The composite resource: what it is called, what it asks for, and its status as far as it is ours.

        Raises:
            RequestError: There is none, or it is damaged.
        """
        if not self._composite:
            xr = self._asked().opened()
            for key in ("apiVersion", "kind"):
                if not isinstance(xr.get(key), str):
                    raise RequestError(f"{COMPOSITE}.{key}", "is not a text", CALLER)
            self._composite, self.kind = xr, xr["kind"]
        return self._composite

    def function_input(self) -> Manifest:
        """What the Composition's pipeline step passes to the function; empty if it passes nothing."""
        opened, _ = input_of(wire.input_struct(self._request))
        return opened

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

    def owners(self, key: str, *path: str) -> Sequence[str]:
        """Who owns that field of a composed object. Only their names are in the trace: what tells them changes with every write."""
        name = "\n".join((OWNERS + key, *path))
        self.trace.others[name] = read = self._reads_now(name)
        return read.decode().split("\n") if read else []

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
        request, asked = self._request, self._asked().closed()
        _, function_input = input_of(wire.input_struct(request))
        return (*asked, function_input, repr(request.meta.capabilities).encode())

    def reads_as(self, trace: Trace) -> bool:
        """Whether everything that was read of another request reads the same in this one."""
        resources = self._request.observed.resources
        for key, existed in trace.exists.items():
            if (key in resources) is not existed:
                return False
        try:
            is_same = trace.reads_same(lambda key: object_fields(resources[key], field_of(key)))
            return is_same and all(self._reads_now(name) == read for name, read in trace.others.items())
        except (*DAMAGE, RequestError):
            return False  # whoever composes it anew tells where

    def _asked(self) -> Asked:
        self._asks = self._asks or Asked(self._request.observed.composite)
        return self._asks

    def _reads_now(self, name: str) -> bytes:
        if name == KEYS:
            return "\n".join(sorted(self._request.observed.resources)).encode()
        if name.startswith(OWNERS):
            key, *path = name.removeprefix(OWNERS).split("\n")
            return "\n".join(owners_of(self._view(key), *path)).encode() if self._exists(key) else b""
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


def input_of(struct: bytes) -> tuple[Manifest, bytes]:
    """What a pipeline step passes to the function, opened, and in the one order of fields that equal inputs share.

    Raises:
        RequestError: The input is damaged.
    """
    return _known_input(struct) if len(struct) <= INPUT_BYTES else _known_input.__wrapped__(struct)


@lru_cache(INPUTS)
def _known_input(struct: bytes) -> tuple[Manifest, bytes]:
    """All claims of a Composition have the same input, which nobody changes."""
    return decode_object(struct, "input") if struct else {}, canonical(struct, "input")


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


def _open(resource: v1.Resource, field: str) -> Manifest:
    """Opens a Kubernetes object, all but the part of its metadata that nobody reads."""
    _view(resource, field)
    manifest = decode_object(wire.resource_struct(resource) or b"", field)
    manifest.setdefault("metadata", {})
    return manifest


def _view(resource: v1.Resource, field: str) -> View:
    """A Kubernetes object, to be opened as far as somebody looks."""
    try:
        return View(object_fields(resource, field), field)
    except DAMAGE as error:
        raise damaged(field) from error


def field_of(key: str) -> str:
    """Where in the request an observed object lies."""
    return f"observed.resources[{key}].resource"

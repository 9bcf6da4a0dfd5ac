"""Two ways to compose: `direct` hands Crossplane the Kubernetes objects, `objects` wraps each in a provider-kubernetes Object.

The objects inside are the same to the byte. The keys are the same too, so a switch of mode under a living claim would replace its
workload: `check_mode` refuses it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from zerotouch_function.composition import Resource
from zerotouch_function.errors import ModeError, RequestError
from zerotouch_function.manifest import Manifest, Observation, child_name, part, parts, text
from zerotouch_function.observed import Composed, Observed

DIRECT: Final = "direct"
OBJECTS: Final = "objects"

OBJECT_API: Final = "kubernetes.crossplane.io/v1alpha2"
OBJECT_KIND: Final = "Object"

READY_QUERIES: Final = {
    "Deployment": (
        "object.status.observedGeneration >= object.metadata.generation"
        " && object.status.conditions.exists(c, c.type == 'Progressing' && c.reason == 'NewReplicaSetAvailable')"
        " && (!has(object.spec.replicas) || object.spec.replicas == 0"
        " || object.status.conditions.exists(c, c.type == 'Available' && c.status == 'True'))"
    ),
    "ScaledObject": "object.status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
    "HorizontalPodAutoscaler": "object.status.conditions.exists(c, c.type == 'ScalingActive' && c.status == 'True')",
    "Job": "object.status.conditions.exists(c, c.type == 'Complete' && c.status == 'True')",
}
"""When the provider calls an Object ready, by kind; until then it looks every 30 s, later every 10 minutes. Other kinds: once created."""


class Plain:
    """Composed objects that are the Kubernetes objects."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    def get(self, key: str) -> Observation | None:
        return self._observed.get(key)

    def sent(self, key: str) -> Observation | None:
        return self._observed.get(key)

    def has(self, key: str) -> bool:
        return self._observed.has(key)

    def keys(self) -> Sequence[str]:
        return self._observed.keys()

    def owners(self, key: str, *path: str) -> Sequence[str]:
        return self._observed.owners(key, *path)

    def required(self, name: str) -> Sequence[Observation] | None:
        return self._observed.required(name)

    def problem(self, _key: str) -> str:
        """Nothing: what keeps Crossplane from writing an object comes after our answer, and stands in the composite's Synced alone."""
        return ""


class Unwrapped(Plain):
    """Observed Objects as the Kubernetes objects inside them, as the provider last saw them."""

    def get(self, key: str) -> Observation | None:
        return part(self._observed.get(key) or {}, "status", "atProvider", "manifest") or None

    def sent(self, key: str) -> Observation | None:
        if not self._observed.has(key):
            return None
        manifest = self.get(key) or part(self._observed.get(key) or {}, "spec", "forProvider", "manifest")
        if not manifest:
            raise RequestError(f"observed.resources[{key}].resource.spec.forProvider.manifest", "is missing", "restore the Object")
        return manifest

    def has(self, key: str) -> bool:
        return self.get(key) is not None

    def owners(self, _key: str, *_path: str) -> Sequence[str]:
        """Nobody: the provider applies an Object again after every change by others, so a value sent to be kept would undo each."""
        return ()

    def problem(self, key: str) -> str:
        """What the provider says of an object that it cannot write."""
        conditions = parts(self._observed.get(key) or {}, "status", "conditions")
        return next((text(c.get("message")) for c in conditions if c.get("type") == "Synced" and c.get("status") == "False"), "")


def made_in(observed: Observed, keys: Iterable[str]) -> str:
    """The mode that the existing objects were composed in; empty while there are none.

    Args:
        observed: All composed objects; those of another pipeline step may be of any kind and say nothing about ours.
        keys: Keys of the objects that the composite's API composes.
    """
    for key in keys:
        manifest = observed.get(key)
        if manifest is not None:
            return OBJECTS if (manifest.get("apiVersion"), manifest.get("kind")) == (OBJECT_API, OBJECT_KIND) else DIRECT
    return ""


def view(mode: str, observed: Observed) -> Composed:
    """The Kubernetes objects of that mode."""
    return Unwrapped(observed) if mode == OBJECTS else Plain(observed)


def check_mode(mode: str, other: str) -> None:
    """Raises ModeError if the composed objects that exist were made in the other mode (`made_in`)."""
    if other in ("", mode):
        return
    raise ModeError(
        "input.mode",
        f'the Composition says "{mode}", and this claim\'s objects were made in mode "{other}"; a switch would delete the running workload',
        f'give the claim a Composition of mode "{other}" again, or delete the claim and create it anew',
    )


def wrap_all(resources: Mapping[str, Resource], *, composite: str, provider_config: str) -> dict[str, Resource]:
    """Every resource as an Object of that ProviderConfig."""
    return {key: Resource(wrap(r.manifest, key, composite, provider_config), r.is_ready) for key, r in resources.items()}


def wrap(manifest: Manifest, key: str, composite: str, provider_config: str) -> Manifest:
    """One object in an Object, which is cluster-scoped and so named after the composite resource, unique in the cluster."""
    query = READY_QUERIES.get(manifest["kind"])
    readiness = {"policy": "DeriveFromCelQuery", "celQuery": query} if query else {"policy": "SuccessfulCreate"}
    return {
        "apiVersion": OBJECT_API,
        "kind": OBJECT_KIND,
        "metadata": {"name": child_name(composite, key), "labels": dict(manifest["metadata"]["labels"])},
        "spec": {
            "forProvider": {"manifest": manifest},
            "providerConfigRef": {"name": provider_config},
            "readiness": readiness,
            "watch": True,
        },
    }

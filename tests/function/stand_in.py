"""A small API behind the real server: what the tests of the protocol compose, and a process that serves it.

The composite's `spec` says what happens: `size: wrong` is refused, `bug: true` is a bug, and anything else is composed.
"""

from zerotouch_function.composition import Composition, Condition, Resource, Selector, Status
from zerotouch_function.errors import FunctionError, SpecError, UnknownKindError
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import Observed
from zerotouch_function.serving.command import command

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "demo"}, "data": {"size": "small"}}


def compose(xr: Manifest, observed: Observed, function_input: Manifest) -> Composition:
    if xr["kind"] != "XDemo":
        raise UnknownKindError("kind", f'"{xr["kind"]}" is not composed by this function', "use XDemo")
    if xr["spec"].get("size") == "wrong":
        raise SpecError("spec.size", '"wrong" is no size', "use small")
    if xr["spec"].get("bug"):
        raise KeyError("bug")
    existing = observed.get("config")
    found = observed.required("types")
    return Composition(
        resources={"config": Resource(CONFIG, is_ready=existing is not None)},
        status={"port": function_input.get("port", 0), "types": len(found or ()), "keys": list(observed.keys())},
        conditions=(Condition("SpecValid", Status.TRUE, "Valid", "The spec can be composed"),),
        requirements={"types": Selector("v1", "ConfigMap", "ns", {"app": "demo"})},
    )


def refuse(xr: Manifest, observed: Observed, error: FunctionError) -> tuple[Condition, ...]:
    state = f"config exists: {observed.get('config') is not None}"
    return (Condition("SpecValid", Status.FALSE, error.reason, str(error)), Condition("Ready2", Status.UNKNOWN, "Refused", state))


if __name__ == "__main__":
    command(compose, refuse)()

"""Hypothesis strategies for whole requests: what Crossplane sends, and what it never should."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from crossplane.function.proto.v1 import run_function_pb2 as v1
from hypothesis import strategies as st

from tests.agent_strategies import agent_specs
from tests.composites import agent, composite
from tests.fuzz.pool import INPUT, POD, migrating, namesake, pool, running
from tests.strategies import claim_names, label_keys, label_values, maps, namespaces, specs
from zerotouch_function.diagnosis import PODS
from zerotouch_function.manifest import Manifest

Where = tuple[str | int, ...]

EARLIER: Final[Manifest] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "earlier"}, "data": {"step": "one"}}
"""What an earlier step of the pipeline desires."""

BOUNDARIES: Final = (0, -1, 1, 0.5, 9, 10, 63, 64, 65535, 65536, 86401, 2**31, 2**53 + 1, -(2**63), 1e308, float("inf"), float("nan"))
STRINGS: Final = (
    *(
        "",
        " ",
        "\0",
        "\n",
        "0",
        "-",
        "a-",
        "A",
        "true",
        "null",
        "${x}",
        "{{x}}",
        "../..",
        "a: b",
        "spec.size: is fine",
        "\u202eemit",
        "é",
        "e\u0301",
    ),
    *("💥", "x" * 64, "x" * 254, "x" * 5000, "a." * 3000, "-" * 3000, "/" * 3000, "9" * 400, "💥" * 2000),
)
"""Texts at the bounds of names, and texts that make a slow regular expression slow."""


def nested(depth: int) -> Any:
    """An object or, at each third level, a list, so many levels deep."""
    value: Any = "end"
    for level in range(depth):
        value = [value] if level % 3 == 2 else {"deep": value}
    return value


hostile = st.one_of(
    st.sampled_from((None, True, False, [], {}, [None], [[]], {"": ""}, ["x"] * 2000, {f"k{i}": i for i in range(500)})).map(deepcopy),
    st.sampled_from(BOUNDARIES),
    st.sampled_from(STRINGS),
    st.sampled_from((5, 28, 32, 60)).map(nested),
    st.text(max_size=20),
    st.floats(),
)
"""Values of any type that fit few fields."""

FIELDS: Final = ("image", "size", "env", "name", "value", "valueFrom", "scaling", "placement", "affinity", "claimRef", "metadata", "labels")
names = st.one_of(st.sampled_from(FIELDS), st.sampled_from(STRINGS), st.text(max_size=8))


def places(value: Any, where: Where = ()) -> list[Where]:
    """Paths of everything inside an object."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [where, *(place for key, item in inner for place in places(item, (*where, key)))]


@st.composite
def mutated(draw: st.DrawFn, manifest: Manifest) -> Manifest:
    """The object with one to three of its parts replaced, removed, doubled or added."""
    result: Manifest = deepcopy(manifest)
    for _ in range(draw(st.integers(1, 3))):
        _, *candidates = places(result)
        if not candidates:
            result[draw(names)] = draw(hostile)
            continue
        *way, last = draw(st.sampled_from(candidates))
        parent: Any = result
        for part in way:
            parent = parent[part]
        action = draw(st.sampled_from(("replace", "replace", "remove", "add", "double")))
        if action == "remove":
            parent.pop(last)
        elif action == "add" and isinstance(parent, dict):
            parent[draw(names)] = draw(hostile)
        elif action == "double" and isinstance(parent, list):
            parent.extend([parent[int(last)]] * draw(st.sampled_from((1, 100))))
        else:
            parent[last] = draw(hostile)
    return result


modes = st.sampled_from(("direct", "objects"))
composites = st.one_of(
    *(
        st.builds(
            lambda spec, name, namespace, labels, make=make: make(spec, name=name, namespace=namespace, labels=labels),
            specs_of_kind,
            claim_names,
            namespaces,
            maps(label_keys, label_values),
        )
        for make, specs_of_kind in ((composite, specs), (agent, agent_specs))
    )
)
"""Composite resources that the API accepts."""


def message(
    xr: Manifest,
    *,
    observed: dict[str, Manifest] | None = None,
    function_input: Manifest | None = None,
    required: Mapping[str, Sequence[Manifest]] | None = None,
    has_earlier_step: bool = False,
) -> bytes:
    """A request's bytes."""
    request = v1.RunFunctionRequest()
    request.meta.tag = "tag"
    request.meta.capabilities.append(v1.CAPABILITY_REQUIRED_RESOURCES)
    request.observed.composite.resource.update(xr)
    for key, manifest in (observed or {}).items():
        request.observed.resources[key].resource.update(manifest)
    if function_input:
        request.input.update(function_input)
    for name, found in (required or {}).items():
        request.required_resources[name].SetInParent()
        for manifest in found:
            request.required_resources[name].items.add().resource.update(manifest)
    if has_earlier_step:
        request.desired.resources["earlier"].resource.update(EARLIER)
        request.desired.resources["earlier"].ready = v1.READY_TRUE
        request.desired.composite.resource.update({"status": {"earlier": True}})
        request.context.update({"key": "value"})
    return request.SerializeToString()


@st.composite
def valid_requests(draw: st.DrawFn) -> bytes:
    """Requests for claims that the API accepts."""
    return message(draw(composites), function_input={"mode": draw(modes)}, has_earlier_step=draw(st.booleans()))


@st.composite
def mutated_requests(draw: st.DrawFn) -> bytes:
    """Requests in which the composite, the input, an observed object or one that was looked for is not what it should be."""
    index, mode = draw(st.integers(0, len(pool()) - 1)), draw(modes)
    xr, observed = pool()[index], running(index, mode) if draw(st.booleans()) else {}
    observed = {**observed, **migrating(mode)} if draw(st.booleans()) else observed
    function_input: Manifest = {**INPUT, "mode": mode}
    name, first = namesake(xr)
    required = {PODS: [POD]}
    what = draw(st.sampled_from(("spec", "spec", "spec", "composite", "input", "status", "observed", "pods", "namesake")))
    if what == "spec":
        xr = {**xr, "spec": draw(mutated(xr["spec"]))}
    elif what == "composite":
        xr = draw(mutated({**xr, "status": {"image": "old:1", "replicas": 1, "conditions": [], "secretKeys": ["a/b"]}}))
    elif what == "input":
        function_input = draw(mutated(function_input))
    elif what == "namesake":
        required[name] = [draw(mutated(first))]
    elif what in ("status", "observed") and observed:
        key = draw(st.sampled_from(sorted(observed)))
        found = observed[key]
        found = {**found, "status": draw(mutated(found.get("status", {})))} if what == "status" else draw(mutated(found))
        observed = {**observed, key: found}
    else:
        required[PODS] = [draw(mutated(POD))]
    return message(xr, observed=observed, function_input=function_input, required=required, has_earlier_step=draw(st.booleans()))

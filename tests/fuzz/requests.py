"""Hypothesis strategies for whole requests: what Crossplane sends, and what it never should."""

from copy import deepcopy
from functools import lru_cache
from typing import Any, Final

from crossplane.function.proto.v1 import run_function_pb2 as v1
from hypothesis import strategies as st

from tests.composites import composite, deployed, scaling, wrapped
from tests.strategies import claim_names, label_keys, label_values, maps, namespaces, specs
from zerotouch_function.manifest import Manifest
from zerotouch_function.modes import wrap
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.registry import compose

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


def nested(depth: int, end: Any = "end") -> Any:
    """An object or, at each third level, a list, so many levels deep."""
    value = end
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
composites = st.builds(
    lambda spec, name, namespace, labels: composite(spec, name=name, namespace=namespace, labels=labels),
    specs,
    claim_names,
    namespaces,
    maps(label_keys, label_values),
)
"""Composite resources that the API accepts."""


@lru_cache(1)
def pool() -> list[Manifest]:
    """A few composites between them with every field, to be mutated: much faster than a new one for each example."""
    container = {"name": "APP_A", "value": "x"}
    ref = {"name": "APP_B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}}
    field = {"name": "APP_C", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}
    amount = {"name": "APP_D", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}}
    affinity: Manifest = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": []}]}}
    }
    whole = {
        "size": "small",
        "natsUrl": "nats://a.example.com:4222,nats://b.example.com:4222",
        "postgresConnectionSecret": "pg",
        "dragonflyConnectionSecret": "",
        "llmKeysSecret": "llm",
        "imagePullSecrets": ["pull"],
        "port": 8081,
        "command": ["run"],
        "args": ["--fast", ""],
        "env": [container, ref, field, amount],
        "volumes": [
            {"name": "v0", "mountPath": "/mnt/0", "configMap": {"name": "c"}, "readOnly": True},
            {"name": "v1", "mountPath": "/mnt/1", "emptyDir": {"sizeLimit": "1Gi", "medium": "Memory"}, "subPath": "a"},
            {"name": "v2", "mountPath": "/mnt/2", "persistentVolumeClaim": {"claimName": "p"}},
        ],
        "migrations": {"enabled": True, "mode": "init", "command": ["migrate"]},
        "probes": {"enabled": True, "livenessPath": "/l", "readinessPath": "/r", "startupSeconds": 60},
        "scaling": {
            "minReplicas": 0, "maxReplicas": 5, "lagThreshold": 7, "pollingIntervalSeconds": 9, "cooldownSeconds": 0, "fallbackReplicas": 2
        },
        "resources": {"requests": {"cpu": "0.2", "memory": "300M"}, "limits": {"cpu": 2, "memory": "3Gi"}},
        "security": {"profile": "baseline"},
        "nats": {"monitoringEndpoint": "http://nats:8222", "account": "A", "credentialsSecret": "creds", "caSecret": "ca"},
        "serviceAccountAnnotations": {"a.io/b": "c"},
        "placement": {
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3}],
            "affinity": affinity,
            "topologySpread": [{"topologyKey": "zone", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule"}],
            "priorityClassName": "high",
        },
        "terminationGracePeriodSeconds": 30,
        "podLabels": {"team": "a"},
        "podAnnotations": {"note": "b"},
    }  # fmt: skip
    in_job = {**whole, "migrations": {"mode": "job"}, "scaling": {"minReplicas": 1}}
    return [composite(spec, labels={"team": "x"}) for spec in ({}, whole, in_job)]


@lru_cache(8)
def running(index: int, mode: str) -> dict[str, Manifest]:
    """The composed objects of a composite from the pool, as the cluster has them once they run."""
    xr = pool()[index]
    first = {key: resource.manifest for key, resource in compose(xr, NOTHING, {}).resources.items()}
    migrated = Snapshot({key: _as_observed(manifest) for key, manifest in first.items()})
    made = {key: resource.manifest for key, resource in compose(xr, migrated, {}).resources.items()}
    ready = {key: _as_observed(manifest) for key, manifest in made.items()}
    if mode == "direct":
        return ready
    return {key: wrapped(wrap(manifest, key, "composite", "kubernetes-provider"), ready[key]) for key, manifest in made.items()}


def _as_observed(manifest: Manifest) -> Manifest:
    if manifest["kind"] == "Deployment":
        return deployed(manifest)
    if manifest["kind"] == "Job":
        return {**manifest, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    return scaling(manifest) if manifest["kind"] == "ScaledObject" else manifest


INPUT: Final = {
    "apiVersion": "agents.fn.platform.bizmatters.io/v1beta1",
    "kind": "Input",
    "providerConfigRef": {"name": "kubernetes-provider"},
    "diagnostics": {"pods": True},
    "defaults": {
        "clusterDomain": "cluster.local",
        "imagePullSecrets": ["pull"],
        "sizes": {"small": {"requests": {"cpu": "100m"}, "limits": {"memory": "1Gi"}}},
        "placement": {"nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "k", "operator": "Exists"}], "priorityClassName": "high"},
    },
}
"""A Composition's input with every field."""

POD: Final = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "ns"},
    "spec": {"containers": [{"name": "agent-executor", "image": "ghcr.io/org/service:v1.0.0"}]},
    "status": {
        "phase": "Pending",
        "containerStatuses": [
            {"name": "agent-executor", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}
        ],
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}],
    },
}


def message(
    xr: Manifest,
    *,
    observed: dict[str, Manifest] | None = None,
    function_input: Manifest | None = None,
    pods: list[Manifest] | None = None,
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
    if pods is not None:
        request.required_resources["pods"].SetInParent()
        for pod in pods:
            request.required_resources["pods"].items.add().resource.update(pod)
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
    """Requests in which the composite, the input, one observed object or a pod is not what it should be."""
    index, mode = draw(st.integers(0, len(pool()) - 1)), draw(modes)
    xr, observed = pool()[index], running(index, mode) if draw(st.booleans()) else {}
    function_input: Manifest = {**INPUT, "mode": mode}
    pods = [POD]
    what = draw(st.sampled_from(("spec", "spec", "spec", "composite", "input", "status", "observed", "pods")))
    if what == "spec":
        xr = {**xr, "spec": draw(mutated(xr["spec"]))}
    elif what == "composite":
        xr = draw(mutated({**xr, "status": {"image": "old:1", "replicas": 1, "conditions": []}}))
    elif what == "input":
        function_input = draw(mutated(function_input))
    elif what in ("status", "observed") and observed:
        key = draw(st.sampled_from(sorted(observed)))
        found = observed[key]
        found = {**found, "status": draw(mutated(found.get("status", {})))} if what == "status" else draw(mutated(found))
        observed = {**observed, key: found}
    else:
        pods = [draw(mutated(POD))]
    return message(xr, observed=observed, function_input=function_input, pods=pods, has_earlier_step=draw(st.booleans()))

"""Requests as Crossplane sends them, made of what `capture` wrote down."""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import yaml
from crossplane.function.proto.v1 import run_function_pb2 as v1

from benchmarks.capture import CAPTURED
from benchmarks.go_order import field, struct
from benchmarks.peers import COMPOSITION as PEER

Object = dict[str, Any]

OURS: Final = Path(__file__).parents[1] / "apis" / "agentexecutors" / "composition.yaml"

OBSERVED: Final = (0, 6, 60, 600)
"""Observed objects that a request is grown to; captured were four."""

CAPABILITIES: Final = (
    v1.CAPABILITY_CAPABILITIES,
    v1.CAPABILITY_REQUIRED_RESOURCES,
    v1.CAPABILITY_CREDENTIALS,
    v1.CAPABILITY_CONDITIONS,
    v1.CAPABILITY_REQUIRED_SCHEMAS,
)


def captured() -> Object:
    content: Object = json.loads(CAPTURED.read_text())
    return content


def request(observed: int | None = None, *, function_input: Object | None = None, claim: str = "", version: int = 0) -> bytes:
    """A request's bytes.

    Args:
        observed: Number of observed objects: none, or the captured ones and copies of them; as captured by default.
        function_input: The pipeline step's input; that of our Composition by default.
        claim: Another claim's name and another image, so that the spec is one that no process has seen.
        version: Another `resourceVersion` of everything: the same spec, asked about again.
    """
    material = captured()
    composite, existing = material["composite"], material["observed"]
    if claim:
        composite, existing = json.loads(json.dumps([composite, existing]).replace(composite["spec"]["claimRef"]["name"], claim))
    objects = existing if observed is None else grown(existing, observed)
    for manifest in (composite, *objects.values()):
        manifest["metadata"]["resourceVersion"] = str(int(manifest["metadata"]["resourceVersion"]) + version)
    meta = v1.RunFunctionRequest()
    meta.meta.tag = f"{random.getrandbits(256):064x}"
    meta.meta.capabilities.extend(CAPABILITIES)
    entries = [(key, objects[key]) for key in random.sample(sorted(objects), len(objects))]
    state = field(v1.State.COMPOSITE_FIELD_NUMBER, resource(composite)) + b"".join(
        field(v1.State.RESOURCES_FIELD_NUMBER, field(1, key.encode()) + field(2, resource(manifest))) for key, manifest in entries
    )
    pipeline = struct(pipeline_input(OURS) if function_input is None else function_input)
    observed_state = field(v1.RunFunctionRequest.OBSERVED_FIELD_NUMBER, state)
    return meta.SerializeToString() + observed_state + field(v1.RunFunctionRequest.INPUT_FIELD_NUMBER, pipeline)


def resource(manifest: Object) -> bytes:
    return field(v1.Resource.RESOURCE_FIELD_NUMBER, struct(manifest))


def grown(objects: dict[str, Object], number: int) -> dict[str, Object]:
    """That many objects: these, and copies under other names as another step of the pipeline may have composed them."""
    if number == 0:
        return {}
    keys = sorted(objects)
    result = {key: deepcopy(objects[key]) for key in keys[:number]}
    for index in range(number - len(result)):
        copy = deepcopy(objects[keys[index % len(keys)]])
        copy["metadata"]["name"] += f"-{index}"
        result[f"other-{index}"] = copy
    return result


def unseen(number: int, observed: int | None = None) -> Iterator[bytes]:
    """Requests of that many claims with as many specs."""
    run = random.getrandbits(64)
    for index in range(number):
        yield request(observed, claim=f"{run:016x}{index:05}"[-10:].translate(LETTERS))


LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")
"""A claim's name begins with a letter."""


def pipeline_input(composition: Path = PEER) -> Object:
    """The input of a Composition's function."""
    found: Object = yaml.safe_load(composition.read_text())["spec"]["pipeline"][0]["input"]
    return found

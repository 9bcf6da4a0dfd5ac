"""The peers are given equal requests and give equal answers: otherwise their speed says nothing."""

import asyncio
import copy
import os
import re
from pathlib import Path
from typing import Any, Final

import pytest
from crossplane.function import logging
from crossplane.function.proto.v1 import run_function_pb2 as v1
from google.protobuf import json_format

from benchmarks import crossplane
from benchmarks.load import channel, unary
from benchmarks.peers.sdk.fn import FunctionRunner
from benchmarks.servers import PATCH_AND_TRANSFORM, ROOT, Program, patch_and_transform, running
from zerotouch_function.protocol.runner import Runner
from zerotouch_function.registry import compose, refuse

Answer = dict[str, Any]

OBSERVED: Final = (None, 0, 6)
"""As captured from a cluster where all is ready, a new claim, and with objects of another step."""

RELEASE: Final = "platform.bizmatters.io/release"
"""function-patch-and-transform cannot hash a composed object; this annotation it leaves out.

Beyond what these requests show, its Composition cannot leave things out by a field's value (variables of a Secret that is "", migrations
that are off, probes that are off, the baseline profile), compute (`startupSeconds` + 300, the scale-down's pace), copy labels whose keys
it does not know, or validate.
"""


@pytest.fixture(autouse=True)
def quiet() -> None:
    logging.configure(level=logging.Level.INFO)


@pytest.fixture
def peer() -> str:
    """function-patch-and-transform. Without PATCH_AND_TRANSFORM and without Go its test is skipped; a path that leads nowhere fails it."""
    try:
        return patch_and_transform()
    except LookupError as missing:
        if os.environ.get("PATCH_AND_TRANSFORM"):
            raise
        pytest.skip(str(missing))


@pytest.mark.parametrize("observed", OBSERVED)
def test_the_sdks_function_answers_the_same(observed: int | None) -> None:
    request = crossplane.request(observed)
    message = v1.RunFunctionRequest.FromString(request)
    theirs = asyncio.run(FunctionRunner().RunFunction(message, None))  # type: ignore[arg-type]  # it reads no context
    answer = as_json(theirs)
    assert answer.pop("context") == {}, "the SDK answers an empty context where there was none"
    assert answer == ours(request)


@pytest.mark.parametrize("observed", OBSERVED)
def test_patch_and_transform_answers_the_same_resources(observed: int | None, peer: str) -> None:
    function_input = crossplane.pipeline_input()
    request = crossplane.request(observed, function_input=function_input)
    with running(Program(PATCH_AND_TRANSFORM, (peer,)), request) as server, channel(server.address) as connection:
        theirs = as_json(v1.RunFunctionResponse.FromString(unary(connection)(request)))
    want = ours(crossplane.request(observed))
    assert [result for result in theirs.get("results", ()) if result["severity"] == "SEVERITY_FATAL"] == []
    assert {key: entry["resource"] for key, entry in theirs["desired"]["resources"].items()} == {
        key: without_release(entry["resource"]) for key, entry in want["desired"]["resources"].items()
    }
    if observed != 0:  # its status and readiness come from observed objects only
        assert theirs["desired"]["composite"]["resource"]["status"] == want["desired"]["composite"]["resource"]["status"]
        assert ready(theirs) == ready(want)


@pytest.mark.parametrize(
    ("named", "want"),
    [
        ("", "PATCH_AND_TRANSFORM: is not set, and function-patch-and-transform is not on PATH; build it with `go install"),
        ("/nowhere/peer", 'PATCH_AND_TRANSFORM: "/nowhere/peer" is no program; build it with `go install'),
    ],
)
def test_a_program_that_is_not_there_is_named_with_its_remedy(
    named: str, want: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PATCH_AND_TRANSFORM", named)
    with pytest.raises(LookupError) as missing:
        patch_and_transform()
    assert str(missing.value).startswith(want)
    (version,) = re.findall(r"@(\S+)`", str(missing.value))
    assert f"\nPATCH_AND_TRANSFORM_VERSION={version}\n" in (ROOT / "versions.env").read_text()


def test_a_claim_that_was_never_seen_is_another_claim() -> None:
    first, second = (ours(request) for request in crossplane.unseen(2))
    deployments = [answer["desired"]["resources"]["deployment"]["resource"] for answer in (first, second)]
    names, images = ([get(d) for d in deployments] for get in (name_of, image_of))
    assert len(set(names)) == len(set(images)) == 2


def name_of(manifest: Answer) -> str:
    return str(manifest["metadata"]["name"])


def image_of(deployment: Answer) -> str:
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def ours(request: bytes) -> Answer:
    return as_json(v1.RunFunctionResponse.FromString(Runner(compose, refuse).run(request)))


def as_json(response: v1.RunFunctionResponse) -> Answer:
    """The response without its tag, which is the request's."""
    answer: Answer = json_format.MessageToDict(response)
    answer["meta"].pop("tag")
    return answer


def ready(answer: Answer) -> dict[str, str]:
    return {key: entry.get("ready", "") for key, entry in answer["desired"]["resources"].items()}


def without_release(manifest: Answer) -> Answer:
    result = copy.deepcopy(manifest)
    annotations = result["metadata"].pop("annotations", {})
    annotations.pop(RELEASE, None)
    return {**result, "metadata": {**result["metadata"], "annotations": annotations}} if annotations else result

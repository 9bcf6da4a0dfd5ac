"""Every example through the function as Crossplane runs it: another process, mutual TLS or none, both versions of the protocol."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
import yaml
from crossplane.function.proto.v1 import run_function_pb2 as v1
from crossplane.function.proto.v1 import run_function_pb2_grpc as v1_grpc
from crossplane.function.proto.v1beta1 import run_function_pb2 as v1beta1
from crossplane.function.proto.v1beta1 import run_function_pb2_grpc as v1beta1_grpc

from tests.function.authority import Authority
from tests.function.crossplane_requests import request
from tests.function.process import TIMEOUT_SECONDS, running
from zerotouch import catalogue, documents, render
from zerotouch_function.protocol.structs import decode

EXAMPLES: Final = sorted(Path("examples/claims").glob("*.yaml"))
FUNCTION: Final = "zerotouch_function"


@pytest.fixture(scope="module", params=["insecure", "mTLS"])
def channel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[grpc.Channel]:
    if request.param == "insecure":
        with running(module=FUNCTION) as function, grpc.insecure_channel(function.address) as channel:
            yield channel
        return
    authority, folder = Authority.new(), tmp_path_factory.mktemp("certificates")
    authority.write_server(folder)
    with running(module=FUNCTION, certificates=folder) as function, grpc.secure_channel(function.address, authority.client()) as channel:
        yield channel


def call(channel: grpc.Channel, version: str, message: v1.RunFunctionRequest) -> v1.RunFunctionResponse:
    if version == "v1":
        stub = v1_grpc.FunctionRunnerServiceStub(channel)  # type: ignore[no-untyped-call]  # the SDK's
        answer: v1.RunFunctionResponse = stub.RunFunction(message, timeout=TIMEOUT_SECONDS, wait_for_ready=True)
        return answer
    beta_stub = v1beta1_grpc.FunctionRunnerServiceStub(channel)  # type: ignore[no-untyped-call]  # the SDK's
    beta = v1beta1.RunFunctionRequest.FromString(message.SerializeToString())
    return v1.RunFunctionResponse.FromString(beta_stub.RunFunction(beta, timeout=TIMEOUT_SECONDS).SerializeToString())


def by_identity(manifests: Iterable[Any]) -> dict[tuple[str, str], Any]:
    return {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in manifests}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
@pytest.mark.parametrize("mode", ["direct", "objects"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem.removeprefix("agentexecutor-"))
def test_the_function_answers_what_the_preview_shows(channel: grpc.Channel, version: str, mode: str, example: Path) -> None:
    (claim,) = render.claims(documents.read([str(example)]))
    xr = render.composite_of(claim)
    message = request(xr, function_input=catalogue.composition_input(xr["kind"], mode))
    for _ in range(2):  # the second answer comes from memory
        answer = call(channel, version, message)
        objects: dict[str, Any] = {key: decode(r.resource.SerializeToString()) for key, r in answer.desired.resources.items()}
        golden = yaml.safe_load_all(Path(f"tests/golden/{example.stem}.{mode}.yaml").read_text())
        assert by_identity(objects.values()) == by_identity(golden)
        assert {condition.target for condition in answer.conditions} == {v1.TARGET_COMPOSITE_AND_CLAIM}
        assert answer.meta.tag == message.meta.tag

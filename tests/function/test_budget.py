"""What of the pod's memory is for answers follows the pod's limit."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc
import pytest
from crossplane.function.proto.v1 import run_function_pb2 as v1

from benchmarks.servers import IMAGE_ENVIRONMENT
from tests.composites import composite
from tests.function.process import TIMEOUT_SECONDS, method, needs_proc, running
from tests.function.small_pod import LIMIT_BYTES
from zerotouch_function.protocol.memory import KEPT_BYTES
from zerotouch_function.serving.budget import UNREAD_BYTES, Budget, budget, memory_limit_bytes

MIB: Final = 1024 * 1024
CLAIMS: Final = 600
"""With 40 variables each. A pod that remembered all of them would use 68 MB."""


@dataclass(frozen=True)
class Case:
    reason: str
    v2: str | None
    v1: str | None
    want: int | None


CASES: Final = [
    Case("cgroup v2", "134217728\n", None, 128 * MIB),
    Case("cgroup v2 without a limit", "max\n", None, None),
    Case("cgroup v1", None, "134217728\n", 128 * MIB),
    Case("cgroup v1 without a limit", None, "9223372036854771712\n", 9223372036854771712),
    Case("no cgroup", None, None, None),
    Case("no number", "128 MB\n", None, None),
    Case("nothing", "", None, None),
    Case("no text", "\x80", None, None),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reason)
def test_the_limit_is_the_one_of_the_containers_cgroup(case: Case, tmp_path: Path) -> None:
    files = (tmp_path / "memory.max", tmp_path / "memory.limit_in_bytes")
    for file, content in zip(files, (case.v2, case.v1), strict=True):
        if content is not None:
            file.write_bytes(content.encode("latin-1"))
    assert memory_limit_bytes(files) == case.want


def test_a_limit_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    assert memory_limit_bytes((tmp_path,)) is None


@pytest.mark.parametrize(
    ("limit_bytes", "want"),
    [
        (None, Budget(KEPT_BYTES, UNREAD_BYTES)),
        (9223372036854771712, Budget(KEPT_BYTES, UNREAD_BYTES)),
        (384 * MIB, Budget(KEPT_BYTES, UNREAD_BYTES)),
        (128 * MIB, Budget(16 * MIB, 8 * MIB)),
        (64 * MIB, Budget(8 * MIB, 4 * MIB)),
    ],
)
def test_a_small_pod_keeps_less_and_none_keeps_more(limit_bytes: int | None, want: Budget) -> None:
    assert budget(limit_bytes) == want


@needs_proc
def test_a_pod_of_64_mb_lives_with_any_number_of_claims() -> None:
    message = v1.RunFunctionRequest()
    variables = [{"name": f"VARIABLE_{i}", "value": "some words of a value" * 12} for i in range(40)]
    message.observed.composite.resource.update(composite({"env": variables}, name="claim-0000"))
    data = message.SerializeToString()
    with running(module="tests.function.small_pod", environment=IMAGE_ENVIRONMENT) as function:
        with grpc.insecure_channel(function.address) as channel:
            for number in range(CLAIMS):
                answer = method(channel)(data.replace(b"claim-0000", b"claim-%04d" % number), timeout=TIMEOUT_SECONDS)
                assert b"claim-%04d" % number in answer
        assert function.high_water_bytes() < LIMIT_BYTES

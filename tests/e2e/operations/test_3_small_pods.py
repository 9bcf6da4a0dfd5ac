"""A function that has almost nothing still serves."""

from typing import Final

import pytest

from tests.e2e.apis import AGENT_EXECUTOR
from tests.e2e.figures import Figures
from tests.e2e.operations.conftest import OwnClaims
from tests.e2e.operations.platform import Platform

pytestmark = pytest.mark.operations

SMALL: Final = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}}
CLAIMS: Final = 5


def test_a_pod_with_a_tenth_of_a_processor_and_64_mb_serves(platform: Platform, own_claims: OwnClaims, figures: Figures) -> None:
    platform.function.install(platform.package["v2"], replicas=1, resources=SMALL)
    with figures.time(f"{CLAIMS} claims at once to Ready, function with 0.1 CPU and 64 MB"):
        own_claims([f"small-{number}" for number in range(CLAIMS)])
    (pod,) = platform.function.pods()
    assert pod["spec"]["containers"][0]["resources"] == SMALL
    assert [status["restartCount"] for status in pod["status"]["containerStatuses"]] == [0]
    assert platform.function.answered(AGENT_EXECUTOR) >= CLAIMS

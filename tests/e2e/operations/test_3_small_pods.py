"""A function that has almost nothing still serves: little memory, a fraction of a processor, and no right that it does not need."""

from typing import Final

import pytest

from tests.e2e.apis import AGENT_EXECUTOR
from tests.e2e.cluster import Manifest
from tests.e2e.figures import Figures
from tests.e2e.operations.conftest import OwnClaims
from tests.e2e.operations.platform import Platform

pytestmark = pytest.mark.operations

SMALL: Final = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}}
CONFINED: Final[Manifest] = {
    "runAsNonRoot": True,
    "readOnlyRootFilesystem": True,
    "allowPrivilegeEscalation": False,
    "privileged": False,
    "capabilities": {"drop": ["ALL"]},
}
TOKENS: Final = "/var/run/secrets/kubernetes.io"
CLAIMS: Final = 5


def test_a_pod_with_a_tenth_of_a_processor_and_64_mb_serves(platform: Platform, own_claims: OwnClaims, figures: Figures) -> None:
    platform.function.install(platform.package["v2"], replicas=1, resources=SMALL)
    with figures.time(f"{CLAIMS} claims at once to Ready, function with 0.1 CPU and 64 MB"):
        own_claims([f"small-{number}" for number in range(CLAIMS)])
    (pod,) = platform.function.pods()
    (container,) = pod["spec"]["containers"]
    assert container["resources"] == SMALL
    assert {key: container["securityContext"].get(key) for key in CONFINED} == CONFINED
    assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not [mount for mount in container["volumeMounts"] if mount["mountPath"].startswith(TOKENS)]
    assert [status["restartCount"] for status in pod["status"]["containerStatuses"]] == [0]
    assert platform.function.answered(AGENT_EXECUTOR) >= CLAIMS

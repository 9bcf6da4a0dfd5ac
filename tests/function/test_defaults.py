"""What the Composition says for all of its claims (`defaults` in the function's input), and what a claim says over it."""

from typing import Any, Final

import pytest

from tests.composites import agent, composite, created
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING
from zerotouch_function.registry import compose

DEDICATED: Final[Manifest] = {"key": "dedicated", "operator": "Equal", "value": "agents"}
ARM: Final[Manifest] = {"key": "arch", "operator": "Exists"}

EACH_KIND: Final = pytest.mark.parametrize("make", [composite, agent], ids=["AgentExecutor", "AgentType"])


def made(make: Any, defaults: Manifest, spec: Manifest | None = None) -> dict[str, Manifest]:
    return created(make(spec), {"defaults": defaults})


def pod(make: Any, defaults: Manifest, spec: Manifest | None = None) -> Manifest:
    template: Manifest = made(make, defaults, spec)["deployment"]["spec"]["template"]["spec"]
    return template


@EACH_KIND
@pytest.mark.parametrize(
    ("defaults", "own", "want"),
    [
        ({"nodeSelector": {"disk": "ssd"}}, {}, {"nodeSelector": {"disk": "ssd"}}),
        (
            {"nodeSelector": {"disk": "ssd", "arch": "amd64"}},
            {"nodeSelector": {"arch": "arm64"}},
            {"nodeSelector": {"disk": "ssd", "arch": "arm64"}},
        ),
        ({"tolerations": [DEDICATED]}, {"tolerations": [ARM, DEDICATED]}, {"tolerations": [DEDICATED, ARM]}),
        ({"priorityClassName": "normal"}, {}, {"priorityClassName": "normal"}),
        ({"priorityClassName": "normal"}, {"priorityClassName": "high"}, {"priorityClassName": "high"}),
    ],
    ids=["default labels", "a label of the claim's own", "tolerations, each once", "default priority", "the claim's own priority"],
)
def test_a_claim_chooses_nodes_on_top_of_the_platform(make: Any, defaults: Manifest, own: Manifest, want: Manifest) -> None:
    found = pod(make, {"placement": defaults}, {"placement": own})
    assert {key: found[key] for key in ("nodeSelector", "tolerations", "priorityClassName") if key in found} == want


@EACH_KIND
def test_the_platforms_pull_secrets_come_after_the_claims_and_each_once(make: Any) -> None:
    found = pod(make, {"imagePullSecrets": ["mirror", "own"]}, {"imagePullSecrets": ["own"]})
    assert found["imagePullSecrets"] == [{"name": "own"}, {"name": "mirror"}]


@EACH_KIND
def test_of_a_size_the_claim_says_more_than_the_platform_and_that_more_than_the_table(make: Any) -> None:
    sizes = {"medium": {"requests": {"cpu": "600m"}, "limits": {"cpu": "3", "memory": "5Gi"}}, "large": {"limits": {"cpu": "9"}}}
    (container,) = pod(make, {"sizes": sizes}, {"resources": {"limits": {"memory": "6Gi"}}})["containers"]
    assert container["resources"] == {"requests": {"cpu": "600m", "memory": "1Gi"}, "limits": {"cpu": "3", "memory": "6Gi"}}


def test_the_platforms_sizes_are_for_agents_and_not_for_their_sidecars() -> None:
    sizes = {"medium": {"limits": {"cpu": "9", "memory": "90Gi"}}}
    assert pod(agent, {"sizes": sizes})["initContainers"] == pod(agent, {})["initContainers"]


@pytest.mark.parametrize("xr", [composite(), agent({"card": {"name": "x", "description": "y"}})], ids=["AgentExecutor", "AgentType"])
def test_services_are_called_by_the_clusters_own_domain(xr: Manifest) -> None:
    answer = compose(xr, NOTHING, {"defaults": {"clusterDomain": "here.local"}})
    assert answer.status["endpoint"].endswith(".ns.svc.here.local:8080")
    objects = str([resource.manifest for resource in answer.resources.values()])
    assert (".svc.here.local:" in objects, "cluster.local" in objects) == (True, False)

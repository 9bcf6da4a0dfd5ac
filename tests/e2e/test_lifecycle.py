"""A claim's life on a real cluster: it becomes ready, is updated, and goes without a trace."""

from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.e2e import images
from tests.e2e.apis import AGENT_EXECUTOR
from tests.e2e.claims import Claim, manifest, secret, secrets, spec
from tests.e2e.cluster import Manifest, get, kubectl, wrapped
from tests.e2e.figures import Figures
from tests.e2e.images import WORKLOAD, Workload
from tests.e2e.making import MakeClaims, MakeNamespace, MakeQueue, ReadyClaim
from tests.e2e.probing import probing
from tests.e2e.settings import Settings
from tests.e2e.streams import Queue

HERE: Final = Path(__file__).parent
EXAMPLES: Final = HERE.parents[1] / "examples" / "claims"
NGINX_IMAGE: Final = HERE / "images" / "nginx"
CROWD: Final = 20
REQUESTS: Final = 20
"""Answers of one version that a probe has to see before and after a rollout."""


@pytest.mark.core
def test_a_claim_becomes_ready_and_says_what_runs(ready_claim: ReadyClaim, workload: Workload, queue: Queue) -> None:
    claim = ready_claim("ready")
    assert claim.status()["image"] == workload.v1
    assert claim.status()["replicas"] == 1
    assert claim.status()["endpoint"] == f"ready.{claim.namespace.name}.svc.cluster.local:8080"
    table = kubectl("-n", claim.namespace.name, "get", "agentexecutors", "ready")
    assert workload.v1 in table
    assert all(claim.uids().values()), claim.uids()
    composite = get("xagentexecutors", claim.composite()) or {}
    assert len(composite["spec"]["resourceRefs"]) == len(claim.uids()), "the claim made exactly four objects"
    (pod,) = claim.running()
    assert claim.ask() == {"hostname": pod, "version": "v1", "processed": 0}
    migrated = claim.namespace.logs(pod, "-c", "run-migrations")
    assert migrated.strip() == f"migrated for v1: database orders at postgres.databases-primary.svc:5432, stream {queue.stream}"


@pytest.mark.core
def test_the_documents_claim_works_unchanged(environment: Settings, make_namespace: MakeNamespace, make_queue: MakeQueue) -> None:
    if not environment.builds_public_images:
        pytest.skip("its image exists only where E2E_BUILD_PUBLIC_IMAGES=1 builds it")
    document = yaml.safe_load((HERE / "claims" / "document.yaml").read_text())
    images.build_as(environment, document["spec"]["image"], WORKLOAD, "--build-arg", "VERSION=v1.0.0")
    claim = _claim_of(document, make_namespace, make_queue)
    for ours, theirs in zip(secrets(), ("my-postgres-secret", "my-dragonfly-secret", "my-llm-keys"), strict=True):
        claim.namespace.apply(secret(theirs, ours["stringData"]))
    claim.namespace.apply(document)
    claim.wait_ready()
    assert claim.running() == [claim.ask()["hostname"]]


@pytest.mark.core
def test_plain_nginx_becomes_ready(environment: Settings, make_namespace: MakeNamespace, make_queue: MakeQueue) -> None:
    example = yaml.safe_load((EXAMPLES / "agentexecutor-nginx.yaml").read_text())
    if environment.builds_public_images:
        images.build_as(environment, example["spec"]["image"], NGINX_IMAGE)
    claim = _claim_of(example, make_namespace, make_queue, pod_security="baseline")
    claim.namespace.apply(example)
    claim.wait_ready()


def _claim_of(example: Manifest, make_namespace: MakeNamespace, make_queue: MakeQueue, *, pod_security: str = "restricted") -> Claim:
    """The claim of a file, with the namespace and the stream that it names, not applied yet."""
    make_queue(example["spec"]["natsStreamName"], example["spec"]["natsConsumerGroup"])
    return Claim(make_namespace(example["metadata"]["namespace"], pod_security=pod_security), example["metadata"]["name"])


@pytest.mark.core
def test_an_update_of_image_and_size_rolls_without_a_failed_request_and_recreates_nothing(
    ready_claim: ReadyClaim, workload: Workload, figures: Figures
) -> None:
    claim = ready_claim("update")
    uids = claim.uids()
    with probing(claim, workload.v1) as seen:
        claim.wait_for("answers as v1", lambda: seen()["versions"].get("v1", 0) >= REQUESTS)
        with figures.time("update of image and size to Ready"):
            claim.update({"image": workload.v2, "size": "medium"})
            claim.wait_for("is rolled out", lambda: claim.is_ready() and _memory_limit(claim) == "4Gi", timeout_seconds=240)
        claim.wait_for("has ended its old pod", lambda: len(claim.namespace.find("pods", "app=update")) == 1)
        answered = seen()["versions"].get("v2", 0)
        claim.wait_for("answers as v2", lambda: seen()["last"] == "v2" and seen()["versions"]["v2"] >= answered + REQUESTS)
        assert seen()["failures"] == []
    assert claim.uids() == uids


def _memory_limit(claim: Claim) -> str:
    return str(claim.composed("deployment")["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"])


@pytest.mark.core
def test_deleting_the_claim_leaves_nothing(make_namespace: MakeNamespace, workload: Workload, queue: Queue, figures: Figures) -> None:
    namespace = make_namespace()
    namespace.apply(*secrets())
    claim = Claim(namespace, "deleted")
    before = namespace.everything()
    namespace.apply(manifest(claim.name, spec(workload.v1, queue)))
    claim.wait_ready()
    composite = claim.composite()
    with figures.time("deleted claim to nothing left"):
        claim.delete()
        namespace.wait_for("Nothing is left in the namespace", lambda: namespace.everything() <= before)
        namespace.wait_for("The composite is gone", lambda: not get("xagentexecutors", composite))
    namespace.wait_for("Its Objects are gone", lambda: not wrapped(composite))


def test_twenty_claims_at_once_become_ready(make_claims: MakeClaims, workload: Workload, queue: Queue, figures: Figures) -> None:
    names = [f"crowd-{number}" for number in range(CROWD)]
    with figures.time(f"{CROWD} claims at once to Ready"):
        claims = make_claims(names, spec(workload.v1, queue, scaling={"minReplicas": 0, "pollingIntervalSeconds": 5}))
        for claim in claims:
            claim.wait_ready(timeout_seconds=300)
    made = [item["metadata"] for kind in AGENT_EXECUTOR.composed for item in claims[0].namespace.find(kind)]
    crowd = [metadata for metadata in made if metadata.get("labels", {}).get("app") in names]
    assert len(crowd) == len(AGENT_EXECUTOR.composed) * CROWD, "each claim made its own four objects"

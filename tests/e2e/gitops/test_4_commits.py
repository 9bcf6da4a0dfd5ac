"""What a team's commits do, and what they cannot do. Whatever goes wrong, the earlier version keeps serving."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import pytest

from tests.e2e.apis import AGENT_EXECUTOR
from tests.e2e.claims import manifest
from tests.e2e.cluster import Manifest, get, kubectl
from tests.e2e.figures import Figures
from tests.e2e.gitops.argocd import SYNC_SECONDS, verdict
from tests.e2e.gitops.settings import GitOps
from tests.e2e.gitops.team import CLAIM_FILE, DEPLOY, Team
from tests.e2e.images import Workload

CONTACT: Final = "#platform on Slack"
STRANGER: Final = "services-elsewhere"
ROLLOUT_SECONDS: Final = 480
"""A rollout counts as failed 310 s after its last progress: 300 for pulling and migrating, and the startup probe's time."""


@pytest.fixture
def broken(plain_team: Team, workload: Workload) -> str:
    """A commit of the other team with an image that does not exist. What becomes of it shows after minutes, in the last test here."""
    image = f"{workload.v1}-does-not-exist"
    if plain_team.spec()["image"] != image:
        plain_team.commit_spec("Run an image that nobody built", image=image, probes={"startupSeconds": 10})
        plain_team.application.refresh()
    return image


@contextmanager
def goes_on(team: Team, version: str) -> Iterator[None]:
    """The same pods run and serve that version before and after the block."""
    pods = team.claim.running()
    assert team.claim.ask()["version"] == version
    yield
    assert team.claim.running() == pods
    assert team.claim.ask()["version"] == version


def test_a_new_image_is_healthy_for_argo_cd_only_when_it_alone_serves(
    team: Team, broken: str, workload: Workload, figures: Figures
) -> None:
    uids = team.claim.uids()
    seen: list[str] = []

    def is_healthy() -> bool:
        if not team.application.is_synced(commit):
            return False
        seen.append(team.application.health())
        return seen[-1] == "Healthy"

    with figures.time("commit of a new image to Healthy"):
        commit = team.commit_spec("Run version 2", image=workload.v2)
        team.application.wait_for("is healthy with the commit", is_healthy, timeout_seconds=SYNC_SECONDS)
    images = {container["image"] for pod in team.claim.pods() for container in pod["spec"]["containers"]}
    assert (images, team.claim.status()["image"]) == ({workload.v2}, workload.v2)
    assert team.claim.ask()["version"] == "v2"
    assert set(seen[:-1]) == {"Progressing"}
    assert team.claim.uids() == uids


def refuse(team: Team, message: str, *expected: str) -> dict[str, str]:
    """Commits the repository as it is, waits for the failed sync, and goes back."""
    with goes_on(team, "v2"):
        commit = team.repository.commit(message)
        team.application.wait_seen(commit)
        failures = team.application.wait_failures(*expected)
        team.repository.git("revert", "--no-edit", "HEAD")
        fixed = team.repository.publish()
        team.application.wait_synced(fixed)
    return failures


def test_a_commit_that_the_schema_or_a_guardrail_refuses_is_a_failed_sync_with_our_message(team: Team) -> None:
    spec = team.spec()
    impossible = {**spec, "scaling": {"minReplicas": 6, "maxReplicas": 5}}
    team.repository.write(CLAIM_FILE, manifest("agent-executor", impossible))
    team.repository.write(f"{DEPLOY}/foreign.yaml", manifest("foreign", {**spec, "image": "quay.io/somebody/else:v1"}))
    team.repository.write(f"{DEPLOY}/large.yaml", manifest("large", {**spec, "size": "large"}))
    failures = refuse(team, "Break every rule", "AgentExecutor/agent-executor", "AgentExecutor/foreign", "AgentExecutor/large")
    assert "spec.scaling.minReplicas: must not be above spec.scaling.maxReplicas" in failures["AgentExecutor/agent-executor"]
    assert "spec.image: quay.io/somebody/else:v1 is not from a registry that namespace" in failures["AgentExecutor/foreign"]
    assert "spec.size: large is more than medium" in failures["AgentExecutor/large"]
    assert all(CONTACT in failures[f"AgentExecutor/{name}"] for name in ("foreign", "large"))
    assert team.namespace.get(AGENT_EXECUTOR.resource, "foreign") is None


def test_a_commit_of_what_a_team_may_not_have_is_refused(team: Team) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "e2e-everything"}, "rules": []}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "in-git"}, "stringData": {"a": "b"}}
    elsewhere: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "elsewhere", "namespace": STRANGER}, "data": {}}
    team.repository.write(f"{DEPLOY}/foreign.yaml", role, secret, elsewhere)
    failures = refuse(team, "Reach out", "ClusterRole/e2e-everything", "Secret/in-git", "ConfigMap/elsewhere")
    assert "ClusterRole is not permitted in project deepagents" in failures["ClusterRole/e2e-everything"]
    assert "Secret is not permitted in project deepagents" in failures["Secret/in-git"]
    assert f"namespace {STRANGER} is not permitted in project 'deepagents'" in failures["ConfigMap/elsewhere"]
    assert get("clusterrole", "e2e-everything") is None


def test_a_commit_whose_pods_are_refused_is_degraded_with_our_message(team: Team, gitops: GitOps, argocd_kubeconfig: str) -> None:
    with goes_on(team, "v2"):
        commit = team.commit_spec("Ask for more rights", security={"profile": "baseline"})
        team.application.wait_synced(commit, health="Degraded")
        health, message = verdict(gitops.argocd, argocd_kubeconfig, team.application.name, "AgentExecutor", team.claim.name)
        assert health == "Degraded"
        assert message.startswith("Kubernetes refuses the pods: ")
        assert "violates PodSecurity" in message
        fixed = team.commit_spec("Ask for no more rights", security=None)
        team.application.wait_synced(fixed)


def test_what_is_changed_by_hand_is_healed(team: Team, workload: Workload) -> None:
    namespace, name = team.namespace, team.claim.name
    replicas = team.spec()["scaling"]["maxReplicas"]
    with goes_on(team, "v2"):
        namespace.patch(AGENT_EXECUTOR.resource, name, {"spec": {"scaling": {"maxReplicas": 2}}})
        team.application.wait_for("has healed the claim", lambda: team.claim.get()["spec"]["scaling"]["maxReplicas"] == replicas)
        kubectl("-n", namespace.name, "label", "service", name, "app.kubernetes.io/part-of=mine", "--overwrite")
        team.claim.wait_for("has its Service as composed", partial(is_as_composed, team))
        namespace.delete("externalsecret", "llm-keys")
        team.application.wait_for("has healed the ExternalSecret", lambda: namespace.get("externalsecret", "llm-keys"))
        team.application.wait_synced()


def is_as_composed(team: Team) -> bool:
    return bool(team.claim.composed("service")["metadata"]["labels"]["app.kubernetes.io/part-of"] != "mine")


def test_a_removed_file_leaves_nothing(team: Team, figures: Figures) -> None:
    composite = team.claim.composite()
    with figures.time("commit without the claim to nothing left"):
        team.repository.remove(CLAIM_FILE)
        commit = team.repository.commit("Run nothing")
        team.application.wait_synced(commit)
        team.claim.wait_for("is gone, and all that it became", lambda: nothing_left(team, composite))
    assert team.namespace.get("secret", "postgres-connection"), "what is still in Git stays"


def nothing_left(team: Team, composite: str) -> bool:
    objects = [team.claim.get(), *(team.claim.composed(kind) for kind in AGENT_EXECUTOR.composed), *team.claim.pods()]
    return not any(objects) and get("xagentexecutors", composite) is None


def test_a_rollout_that_fails_is_degraded_with_our_message(
    plain_team: Team, broken: str, workload: Workload, gitops: GitOps, argocd_kubeconfig: str
) -> None:
    with goes_on(plain_team, "v1"):
        plain_team.application.wait_synced(
            plain_team.repository.git("rev-parse", "HEAD"), health="Degraded", timeout_seconds=ROLLOUT_SECONDS
        )
        health, message = verdict(gitops.argocd, argocd_kubeconfig, plain_team.application.name, "AgentExecutor", plain_team.claim.name)
        assert health == "Degraded"
        assert message.startswith(f"Pods with image {broken} do not become ready; earlier pods go on")
        fixed = plain_team.commit_spec("Run version 1 again", image=workload.v1, probes=None)
        plain_team.application.wait_synced(fixed)

"""A team's file is all that a platform engineer adds: from it come the team's namespace, project, Application and guardrails."""

import pytest
import yaml

from tests.e2e.apis import AGENT_EXECUTOR
from tests.e2e.cluster import get, is_true
from tests.e2e.gitops.argocd import NAMESPACE, PROJECT, verdict
from tests.e2e.gitops.settings import GitOps
from tests.e2e.gitops.team import CLAIM_FILE, Team
from tests.e2e.images import Workload
from tests.e2e.settings import Settings
from tests.e2e.streams import Queue


def test_a_teams_file_becomes_a_namespace_and_a_project_of_its_own(teams: tuple[Team, Team]) -> None:
    for team in teams:
        labels = (get("namespace", team.namespace.name) or {})["metadata"]["labels"]
        layer, _, category = team.namespace.name.partition("-")
        assert (labels["layer"], labels["category"], labels["platform.bizmatters.io/team"]) == (layer, category, team.name)
        project = (get(PROJECT, team.name, NAMESPACE) or {})["spec"]
        assert [d["namespace"] for d in project["destinations"]] == [team.namespace.name]
        assert project["sourceRepos"] == [team.repository.url]


def test_a_commit_became_a_running_service(team: Team, workload: Workload) -> None:
    assert team.claim.is_ready()
    assert team.claim.status()["image"] == workload.v1
    assert team.claim.ask()["version"] == "v1"
    job = team.namespace.get("job", "agent-executor-stream")
    assert is_true(job, "Complete")


def test_the_service_works_on_the_stream_that_its_repository_made(team: Team, environment: Settings) -> None:
    queue = Queue(environment.nats_namespace, "AGENT_EXECUTION", "agent-executor-workers")
    before = team.claim.ask()["processed"]
    queue.publish(3, milliseconds=10, subject="agent-executor.tasks.new")
    team.claim.wait_for("has worked on the messages", lambda: queue.lag() == 0 and team.claim.ask()["processed"] == before + 3)


def test_argo_cd_shows_the_claims_own_message(team: Team, gitops: GitOps, argocd_kubeconfig: str) -> None:
    health, message = verdict(gitops.argocd, argocd_kubeconfig, team.application.name, "AgentExecutor", team.claim.name)
    assert (health, message) == ("Healthy", team.claim.condition("WorkloadReady")["message"])


@pytest.mark.parametrize("owner", [0, 1])
def test_what_the_platform_composes_is_not_argo_cds_to_prune(owner: int, teams: tuple[Team, Team]) -> None:
    team = teams[owner]
    tracked = {f"{r['kind']}/{r['name']}" for r in team.application.resources() if not r.get("hook")}
    in_git = {
        f"{manifest['kind']}/{manifest['metadata']['name']}"
        for path in (team.repository.folder / CLAIM_FILE).parent.glob("*.yaml")
        for manifest in yaml.safe_load_all(path.read_text())
        if manifest["kind"] != "Job"  # the hook
    }
    assert tracked == in_git
    assert team.namespace.get(AGENT_EXECUTOR.resource, team.claim.name)

"""The tests here tell one story in the order of their files: the platform comes up, two teams join, commit and leave, the platform goes.

The fixtures are its chapters: each brings the cluster to a state and waits for it. A test leaves that state as it was, or says otherwise.
"""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import images
from tests.e2e.claims import Claim, manifest, spec
from tests.e2e.cluster import Manifest, kubectl
from tests.e2e.figures import Figures
from tests.e2e.gitops import platform as platforms
from tests.e2e.gitops import settings as own
from tests.e2e.gitops.argocd import NAMESPACE, core
from tests.e2e.gitops.platform import TEAMS, Platform
from tests.e2e.gitops.preconditions import missing
from tests.e2e.gitops.repository import Repository
from tests.e2e.gitops.settings import GitOps
from tests.e2e.gitops.team import CLAIM_FILE, STORE, Team, fill_with_example, team_file
from tests.e2e.images import Workload
from tests.e2e.making import MakeQueue
from tests.e2e.namespace import Namespace
from tests.e2e.settings import Settings, from_environment
from tests.e2e.streams import Queue

MakeRepository = Callable[[str], Repository]

NO_SECRETS: Manifest = {
    "postgresConnectionSecret": "",
    "dragonflyConnectionSecret": "",
    "llmKeysSecret": "",
    "migrations": {"enabled": False},
}
"""For a claim that needs nothing but its queue."""


@pytest.fixture(scope="session")
def gitops() -> GitOps:
    return own.from_environment()


@pytest.fixture(scope="session")
def environment(gitops: GitOps) -> Settings:
    """The settings, once the components are seen to be there, and the platform not to be there."""
    found = from_environment()
    if problem := missing(found, gitops):
        pytest.exit(f"Error: {problem}", returncode=2)
    return found


@pytest.fixture(scope="session")
def make_repository(gitops: GitOps, environment: Settings, tmp_path_factory: pytest.TempPathFactory) -> MakeRepository:
    """Makes a repository that the cluster can pull from."""

    def make(name: str) -> Repository:
        repository = Repository(tmp_path_factory.mktemp("repositories") / name, name, gitops.git_serve)
        repository.create()
        return repository

    return make


@pytest.fixture(scope="session")
def argocd_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A copy of the kubeconfig whose current context has Argo CD's namespace."""
    path: Path = tmp_path_factory.mktemp("kubeconfig") / "config"
    path.write_text(kubectl("config", "view", "--raw", "--flatten", "--minify"))
    path.chmod(0o600)
    subprocess.run(["kubectl", f"--kubeconfig={path}", "config", "set-context", "--current", f"--namespace={NAMESPACE}"], check=True)
    return str(path)


@pytest.fixture(scope="session")
def platform(
    environment: Settings, gitops: GitOps, argocd_kubeconfig: str, make_repository: MakeRepository, figures: Figures
) -> Iterator[Platform]:
    """The platform, bootstrapped from this checkout and healthy. What is left of it in the end is taken away."""
    core(gitops.argocd, argocd_kubeconfig, "app", "list")
    repository = make_repository("platform")
    platforms.fork(repository, environment.registry, gitops.version)
    made = Platform(repository)
    try:
        with figures.time("root.yaml to the last wave"):
            made.apply_root()
            made.wait_healthy(repository.git("rev-parse", "HEAD"))
        made.began = made.objects()
        yield made
    finally:
        if not environment.keeps_namespaces:
            platforms.clean()


@pytest.fixture(scope="session")
def nats_box(environment: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The image of the Job that makes the stream, where the cluster cannot pull it."""
    if environment.builds_public_images:
        images.build_nats_box(environment, tmp_path_factory.mktemp("nats-box"))


@pytest.fixture(scope="session")
def teams(
    platform: Platform,
    environment: Settings,
    make_repository: MakeRepository,
    workload: Workload,
    make_queue: MakeQueue,
    nats_box: None,
    figures: Figures,
) -> Iterator[tuple[Team, Team]]:
    """Two teams whose services are healthy: one as the example repository has it, and one with a claim and nothing else."""
    stream = Queue(environment.nats_namespace, "AGENT_EXECUTION", "agent-executor-workers")
    example, plain = (make_repository(name) for name in TEAMS)
    fill_with_example(example, workload.v1)
    plain.write(CLAIM_FILE, manifest("batch", spec(workload.v1, make_queue(), **NO_SECRETS)))
    plain.commit("Begin")
    first = Team(TEAMS[0], platform, example, Claim(Namespace("intelligence-deepagents"), "agent-executor"))
    second = Team(TEAMS[1], platform, plain, Claim(Namespace("intelligence-batch"), "batch"))
    platform.repository.write(first.file, team_file(example.url, environment.registry, STORE))
    platform.repository.write(second.file, team_file(plain.url, environment.registry, {}, namespace=second.namespace.name, secretStore={}))
    try:
        with figures.time("two teams' files to two healthy services"):
            platform.repository.commit("Add two teams")
            for team in (first, second):
                team.wait_joined()
        yield first, second
    finally:
        if not environment.keeps_namespaces:
            for name in (stream.stream, f"{stream.stream}_DEAD"):
                Queue(stream.nats_namespace, name, stream.consumer).delete()


@pytest.fixture
def team(teams: tuple[Team, Team]) -> Team:
    """The team of the example repository."""
    return teams[0]


@pytest.fixture
def plain_team(teams: tuple[Team, Team]) -> Team:
    """The team with one claim and nothing else."""
    return teams[1]

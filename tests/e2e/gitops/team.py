"""A team on the platform: its file in the platform's repository, its own repository, its claim."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from tests.e2e.claims import TINY, Claim
from tests.e2e.cluster import Manifest, get
from tests.e2e.gitops.argocd import APPLICATION, NAMESPACE, SYNC_SECONDS, Application
from tests.e2e.gitops.guide import ROOT
from tests.e2e.gitops.platform import ENVIRONMENT, Platform
from tests.e2e.gitops.repository import Repository
from tests.e2e.namespace import Namespace

EXAMPLE_FILE: Final = ROOT / "bootstrap/tenants/deepagents.yaml.example"
EXAMPLE_REPOSITORY: Final = ROOT / "examples/consumer-repo/deploy/prod"
DEPLOY: Final = f"deploy/{ENVIRONMENT}"
CLAIM_FILE: Final = f"{DEPLOY}/claim.yaml"

STORE: Final[Mapping[str, Mapping[str, str]]] = {
    "/zerotouch/prod/agent-executor/postgres": {
        "host": "postgres.databases-primary.svc", "port": "5432", "database": "executions", "user": "worker", "password": "first-password",
    },
    "/zerotouch/prod/agent-executor/dragonfly": {"host": "dragonfly.databases-primary.svc", "port": "6379", "password": "first-password"},
    "/zerotouch/prod/agent-executor/llm": {"openai": "not-a-real-key", "anthropic": "not-a-real-key-either"},
    "/zerotouch/prod/agent-executor/ghcr": {"username": "robot", "password": "not-a-real-token"},
}  # fmt: skip
"""What stands in the parameter store, by the parameters that the example repository names."""


@dataclass(frozen=True, slots=True)
class Team:
    """One team, by the name of its file."""

    name: str
    platform: Platform
    repository: Repository
    claim: Claim

    @property
    def namespace(self) -> Namespace:
        return self.claim.namespace

    @property
    def application(self) -> Application:
        """The team's own: syncs its repository."""
        return Application(self.name)

    @property
    def tenant(self) -> Application:
        """The platform's: makes the namespace and what else the team needs."""
        return Application(f"tenant-{self.name}")

    @property
    def file(self) -> str:
        return f"bootstrap/tenants/{self.name}.yaml"

    def spec(self) -> Manifest:
        """The claim's spec as it is in Git."""
        spec: Manifest = self._claim_in_git()["spec"]
        return spec

    def commit_spec(self, message: str, **fields: object) -> str:
        """Commits the claim with these fields changed; None takes one out."""
        claim = self._claim_in_git()
        changed = {**claim["spec"], **fields}
        claim["spec"] = {key: value for key, value in changed.items() if value is not None}
        self.repository.write(CLAIM_FILE, claim)
        return self.repository.commit(message)

    def wait_joined(self) -> None:
        """Waits until the platform has made everything of the team's file, and the team's repository serves."""
        self.tenant.wait_for("exists", self._application_exists, timeout_seconds=SYNC_SECONDS)
        self.tenant.wait_synced(timeout_seconds=SYNC_SECONDS)
        self.application.wait_synced(self.repository.git("rev-parse", "HEAD"), timeout_seconds=SYNC_SECONDS)

    def _application_exists(self) -> bool:
        if get(APPLICATION, self.tenant.name, NAMESPACE):
            return True
        self.platform.refresh_tenants()
        return False

    def _claim_in_git(self) -> Manifest:
        claim: Manifest = yaml.safe_load((self.repository.folder / CLAIM_FILE).read_text())
        return claim


def team_file(url: str, registry: str, store: Mapping[str, Mapping[str, str]], **changes: object) -> Manifest:
    """The example's file for a repository here, with a provider that needs no cloud in place of AWS SSM."""
    example: Manifest = yaml.safe_load(EXAMPLE_FILE.read_text())
    data = [{"key": key, "value": json.dumps(value)} for key, value in store.items()]
    return {
        **example,
        "repository": {**example["repository"], "url": url},
        "guardrails": {**example["guardrails"], "registries": [f"{registry}/"]},
        "secretStore": {"provider": {"fake": {"data": data}}},
        **changes,
    }


def fill_with_example(repository: Repository, image: str) -> None:
    """The example repository's manifests for this environment: one NATS server, the test's workload, a Secret that is also a file."""
    shutil.copytree(EXAMPLE_REPOSITORY, repository.folder / DEPLOY)
    repository.edit(f"{DEPLOY}/stream.yaml", 'value: "3"', 'value: "1"')
    claim: Manifest = yaml.safe_load((repository.folder / CLAIM_FILE).read_text())
    volume = {"name": "dragonfly", "mountPath": "/etc/dragonfly", "secret": {"secretName": "dragonfly-connection"}}
    claim["spec"] |= {"image": image, "resources": TINY, "volumes": [volume]}
    repository.write(CLAIM_FILE, claim)
    repository.commit("Begin as the example")

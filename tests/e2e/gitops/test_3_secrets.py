"""A value goes from the store over an ExternalSecret into a Secret and the pods, and a rotated one as far as docs/operations.md says."""

import base64
from functools import partial
from typing import Final

from tests.e2e.claims import Claim
from tests.e2e.cluster import is_true, kubectl
from tests.e2e.figures import Figures
from tests.e2e.gitops.guide import commands, run
from tests.e2e.gitops.team import STORE, Team

POSTGRES: Final = "/zerotouch/prod/agent-executor/postgres"
DRAGONFLY: Final = "/zerotouch/prod/agent-executor/dragonfly"
FILE: Final = "/etc/dragonfly/DRAGONFLY_PASSWORD"
FILE_SECONDS: Final = 240
"""The kubelet looks at mounted Secrets about once a minute."""

OLD: Final = "first-password"
NEW: Final = "second-password"

NAMES: Final = {"my-service": "agent-executor"}


def in_secret(team: Team, name: str, key: str) -> str:
    data = (team.namespace.get("secret", name) or {}).get("data") or {}
    return base64.b64decode(data.get(key, "")).decode()


def has_new_value(team: Team, name: str, key: str) -> bool:
    return in_secret(team, name, key) == NEW


def in_pod(claim: Claim, *command: str) -> str:
    (pod,) = claim.running()
    return kubectl("-n", claim.namespace.name, "exec", pod, "-c", "agent-executor", "--", *command).strip()


def test_values_of_the_store_are_in_the_pods(team: Team) -> None:
    stored = STORE[POSTGRES]
    for key, value in (("HOST", stored["host"]), ("DB", stored["database"]), ("PASSWORD", stored["password"])):
        assert in_pod(team.claim, "printenv", f"POSTGRES_{key}") == value
    assert in_pod(team.claim, "cat", FILE) == STORE[DRAGONFLY]["password"]
    assert in_pod(team.claim, "printenv", "OPENAI_API_KEY") == STORE["/zerotouch/prod/agent-executor/llm"]["openai"]
    (pod,) = team.claim.running()
    migrated = team.namespace.logs(pod, "-c", "run-migrations")
    assert f"database {stored['database']} at {stored['host']}:{stored['port']}" in migrated


def test_the_pull_secret_is_one(team: Team) -> None:
    secret = team.namespace.get("secret", "ghcr-pull-secret") or {}
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    assert '"ghcr.io"' in in_secret(team, "ghcr-pull-secret", ".dockerconfigjson")
    (pod,) = team.claim.pods()
    assert pod["spec"]["imagePullSecrets"] == [{"name": "ghcr-pull-secret"}]


def test_a_rotated_value_goes_as_far_as_the_guide_says(team: Team, figures: Figures) -> None:
    pods = team.claim.running()
    rotate(team, NEW)
    for name in ("postgres-connection", "dragonfly-connection"):
        (command,) = commands("**A rotated value**", replaced={"postgres-connection": name})
        run(command)
    for name, key in (("postgres-connection", "POSTGRES_PASSWORD"), ("dragonfly-connection", "DRAGONFLY_PASSWORD")):
        team.namespace.wait_for(f"Secret {name} has the new value", partial(has_new_value, team, name, key))
    with figures.time("rotated value to the mounted file"):
        team.claim.wait_for("has the new value in its file", lambda: in_pod(team.claim, "cat", FILE) == NEW, timeout_seconds=FILE_SECONDS)
    assert team.claim.running() == pods, "a rotated value starts no pods"
    assert in_pod(team.claim, "printenv", "POSTGRES_PASSWORD") == OLD
    assert is_true(team.claim.get(), "Ready")


def test_the_guides_restart_brings_it_into_the_environment(team: Team, figures: Figures) -> None:
    pods = team.claim.running()
    with figures.time("restart to new pods with the new value"):
        for command in commands("To start new pods", replaced=NAMES):
            run(command)
        team.claim.wait_for("runs new pods only", lambda: bool(team.claim.running()) and not set(team.claim.running()) & set(pods))
    assert in_pod(team.claim, "printenv", "POSTGRES_PASSWORD") == NEW
    team.claim.wait_ready()
    team.application.wait_synced()


def rotate(team: Team, password: str) -> None:
    """Changes the passwords in the store. It is a fake one, whose content is in the team's file."""
    team.platform.repository.edit(team.file, OLD, password)
    commit = team.platform.repository.commit("Rotate the passwords")
    team.tenant.wait_synced(commit)

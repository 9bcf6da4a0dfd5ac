"""examples/consumer-repo fits the platform: its claim, its Secrets, its stream, and the team's file that it asks for."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.bootstrap.manifests import BOOTSTRAP, ROOT, document, documents, named, wave
from zerotouch import documents as claims
from zerotouch.render import render
from zerotouch.schema import check_manifest
from zerotouch.schema.bundled import object_schema
from zerotouch.schema.validation import validate as validate_schema
from zerotouch.validate import validate

REPOSITORY: Final = ROOT / "examples/consumer-repo"
DEPLOY: Final = REPOSITORY / "deploy/prod"
CLAIM: Final = document(DEPLOY / "claim.yaml")
SECRETS: Final = {manifest["metadata"]["name"]: manifest for manifest in documents(DEPLOY / "secrets.yaml")}
JOB: Final = document(DEPLOY / "stream.yaml")
TEAM: Final[dict[str, Any]] = yaml.safe_load((BOOTSTRAP / "tenants/deepagents.yaml.example").read_text())
WORKFLOWS: Final = sorted((REPOSITORY / ".github/workflows").glob("*.yaml"))


def test_zerotouch_finds_nothing_wrong() -> None:
    report = validate(claims.read([str(REPOSITORY)]), mode="direct")
    assert (report.checked, report.problems, report.warnings) == (1, [], [])


@pytest.mark.parametrize("secret", SECRETS.values(), ids=list(SECRETS))
def test_every_external_secret_is_one(secret: dict[str, Any]) -> None:
    api_version, kind = secret["apiVersion"], secret["kind"]
    assert (api_version, kind) == ("external-secrets.io/v1", "ExternalSecret")
    schema = object_schema(api_version, kind, yaml.safe_load((Path(__file__).parent / "externalsecret.yaml").read_text()))
    assert validate_schema(schema, secret) == []
    assert secret["spec"]["target"]["name"] == secret["metadata"]["name"]


def test_the_job_is_one() -> None:
    assert check_manifest(JOB) == []


def test_the_secrets_have_every_key_that_the_pods_read() -> None:
    (claim,) = (found for found in claims.read([str(DEPLOY / "claim.yaml")]))
    pod = named(render(claim, mode="direct").manifests, "Deployment")["spec"]["template"]["spec"]
    wanted: dict[str, set[str]] = {secret["name"]: set() for secret in pod["imagePullSecrets"]}
    for variable in pod["containers"][0]["env"]:
        if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
            wanted.setdefault(reference["name"], set()).add(reference["key"])
    wanted["ghcr-pull-secret"] = {".dockerconfigjson"}
    assert {name: keys(secret) for name, secret in SECRETS.items()} == wanted


def keys(secret: dict[str, Any]) -> set[str]:
    """What the Secret will have."""
    spec = secret["spec"]
    return set(spec["target"].get("template", {}).get("data") or [entry["secretKey"] for entry in spec["data"]])


def test_the_pull_secret_is_of_the_type_that_kubelet_wants() -> None:
    template = SECRETS["ghcr-pull-secret"]["spec"]["target"]["template"]
    assert template["type"] == "kubernetes.io/dockerconfigjson"
    assert CLAIM["spec"]["image"].startswith("ghcr.io/")
    assert '"ghcr.io"' in template["data"][".dockerconfigjson"]


def test_the_store_is_the_one_that_the_platform_makes() -> None:
    chart = (ROOT / "platform/06-tenants/templates/secretstore.yaml").read_text()
    name = re.findall(r"^kind: SecretStore\nmetadata:\n  name: (\w+)$", chart, re.MULTILINE)
    assert [{"kind": "SecretStore", "name": found} for found in name] == [SECRETS["llm-keys"]["spec"]["secretStoreRef"]]
    assert all(secret["spec"]["secretStoreRef"]["name"] == name[0] for secret in SECRETS.values())


def test_the_teams_file_allows_all_of_it() -> None:
    everything = [manifest for path in DEPLOY.glob("*.yaml") for manifest in documents(path)]
    assert {manifest["metadata"]["namespace"] for manifest in everything} == {TEAM["namespace"]}
    assert TEAM["repository"]["path"].format(environment="prod") == "deploy/prod"
    assert any(CLAIM["spec"]["image"].startswith(registry) for registry in TEAM["guardrails"]["registries"])
    assert CLAIM["spec"]["scaling"]["maxReplicas"] <= TEAM["guardrails"]["maxReplicas"]
    project = (ROOT / "platform/06-tenants/templates/project.yaml").read_text()
    allowed = set(re.findall(r"kind: (\w+)", project.partition("namespaceResourceWhitelist")[2]))
    assert {manifest["kind"] for manifest in everything} - allowed == {"AgentExecutor"}
    registries = yaml.safe_load((ROOT / "platform/06-tenants/values.yaml").read_text())["jobRegistries"]
    assert any(container()["image"].startswith(registry) for registry in registries)


def test_secrets_come_before_the_stream_and_the_stream_before_the_claim() -> None:
    assert {wave(secret) for secret in SECRETS.values()} == {-2}
    assert (wave(JOB), wave(CLAIM)) == (-1, 0)


def container() -> dict[str, Any]:
    found: dict[str, Any] = JOB["spec"]["template"]["spec"]["containers"][0]
    return found


def test_the_job_makes_the_claims_stream_as_the_platforms_example_does() -> None:
    variables = {entry["name"]: entry["value"] for entry in container()["env"]}
    assert (variables["STREAM"], variables["CONSUMER"]) == (CLAIM["spec"]["natsStreamName"], CLAIM["spec"]["natsConsumerGroup"])
    example = document(ROOT / "examples/streams/create-stream-job.yaml")["spec"]["template"]["spec"]["containers"][0]
    assert container()["image"] == example["image"]
    assert container()["command"][-1].startswith(example["command"][-1])


def test_the_image_runs_as_a_number_on_the_platforms_python() -> None:
    lines = (REPOSITORY / "Dockerfile").read_text().splitlines()
    assert lines[0] == "FROM python:3.13-slim"
    assert "USER 10001:10001" in lines
    assert "COPY scripts/ci/run-migrations.sh scripts/ci/" in lines


def test_the_requirements_are_those_of_every_python_that_the_project_takes() -> None:
    """`pip install --require-hashes` refuses what is needed and not listed, such as typing-extensions before Python 3.13."""
    oldest = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    written_by, *lines = (REPOSITORY / "requirements.txt").read_text().splitlines()
    assert {"--universal", f"--python-version {oldest}"} <= {found.strip() for found in re.findall(r"--[\w-]+(?: [\d.]+)? ", written_by)}
    assert any(line.startswith("typing-extensions==") and "python_full_version < '3.13'" in line for line in lines)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_commit_and_says_its_version(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text())
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", action) for action in used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_workflow_puts_what_others_write_into_a_script(path: Path) -> None:
    for job in yaml.safe_load(path.read_text())["jobs"].values():
        assert not [step for step in job["steps"] if "${{" in step.get("run", "")]


def test_a_preview_that_fails_fails_the_pull_request(tmp_path: Path) -> None:
    jobs = yaml.safe_load((REPOSITORY / ".github/workflows/claims.yaml").read_text())["jobs"]
    (step,) = [step for step in jobs["preview"]["steps"] if step.get("name") == "Preview"]
    script = tmp_path / "scripts/ci/preview.sh"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\necho half\nexit 1\n")
    script.chmod(0o755)
    # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
    flags = ["--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") == "bash" else ["-e"]
    environment = {**os.environ, "BASE": "origin/main", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    done = subprocess.run(["bash", *flags, "-c", step["run"]], cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 1


def test_the_preview_shows_what_a_change_does(tmp_path: Path) -> None:
    copy = tmp_path / "repository"
    shutil.copytree(REPOSITORY, copy, ignore=shutil.ignore_patterns(".*_cache", "__pycache__", ".venv"))
    path = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=copy, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("git", "init", "--quiet", "--initial-branch=main")
    run("git", "add", ".")
    run("git", *identity, "commit", "--quiet", "--message=first")
    assert "Nothing changes." in run("scripts/ci/preview.sh", "main", "deploy")
    claim = copy / "deploy/prod/claim.yaml"
    claim.write_text(claim.read_text().replace(":v1.0.0", ":v2.0.0"))
    shown = run("scripts/ci/preview.sh", "main", "deploy")
    assert "-        image: ghcr.io/bizmatters/agent-executor:v1.0.0\n" in shown
    assert "+        image: ghcr.io/bizmatters/agent-executor:v2.0.0\n" in shown
    assert run("git", "worktree", "list").count("\n") == 1


def test_the_job_makes_its_streams_on_a_real_server_again_and_again(tmp_path: Path) -> None:
    client, server = (
        shutil.which(os.environ.get("NATS", "nats")),
        shutil.which("nats-server", path=f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"),
    )
    if not client or not server:
        pytest.skip("needs nats-server and the nats command line: set NATS to its path")
    process = subprocess.Popen(
        [server, "--addr=127.0.0.1", "--port=-1", "--jetstream", f"--store_dir={tmp_path}"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr
        url = next(f"nats://{found[0]}" for line in process.stderr if (found := re.findall(r"client connections on (\S+)", line)))
        variables = {entry["name"]: entry["value"] for entry in container()["env"]}
        programs = f"{Path(client).parent}:{os.environ['PATH']}"
        environment = {
            **variables,
            "NATS_URL": url,
            "REPLICAS": "1",
            "HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path),
            "PATH": programs,
        }
        for _ in range(2):
            done = subprocess.run(container()["command"], env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
        assert "AGENT_EXECUTION_DEAD was created" in done.stdout
    finally:
        process.terminate()
        process.wait()

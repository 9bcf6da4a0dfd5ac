"""What the image and the release are made of: pinned, without rights, and told."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[1]
SHIPPED_FROM: Final = ("functions", "wrapper-image", "sidecar-image")
DOCKERFILES: Final = [path for folder in SHIPPED_FROM for path in sorted((ROOT / folder).rglob("Dockerfile"))]
WITH_PACKAGES: Final = [path for path in DOCKERFILES if "requirements.txt" in path.read_text()]
WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))

PINNED_IMAGE: Final = re.compile(r"[a-z0-9./-]+(:[a-z0-9.-]*\d+\.\d+[a-z0-9.-]*(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})")
PINNED_ACTION: Final = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def base_images(dockerfile: str) -> list[str]:
    """What its stages begin from, with the defaults of arguments filled in."""
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)", dockerfile, re.MULTILINE))
    stages = set(re.findall(r"^FROM .* AS (\S+)", dockerfile, re.MULTILINE))
    images = re.findall(r"^FROM (?:--\S+ )*(\S+)", dockerfile, re.MULTILINE)
    named = [re.sub(r"\$\{?(\w+)\}?", lambda match: defaults[match[1]], image) for image in images]
    return [image for image in named if image not in stages and image != "scratch"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_base_images_are_pinned(path: Path) -> None:
    assert [image for image in base_images(path.read_text()) if not PINNED_IMAGE.fullmatch(image)] == []


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_image_runs_as_a_user_without_a_name_or_rights(path: Path) -> None:
    (user,) = re.findall(r"^USER (\S+)", path.read_text(), re.MULTILINE)
    assert user == "65532:65532"


@pytest.mark.parametrize("path", WITH_PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_image_installs_locked_packages_by_hash_and_runs_nobody_elses_build(path: Path) -> None:
    (install,) = [line for line in path.read_text().splitlines() if "-r requirements.txt" in line]
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(install.split())


def test_the_pod_has_no_rights_and_writes_nowhere() -> None:
    documents = yaml.safe_load_all((ROOT / "platform" / "04-apis" / "base" / "function.yaml").read_text())
    (config,) = [document for document in documents if document["kind"] == "DeploymentRuntimeConfig"]
    pod = config["spec"]["deploymentTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    allowed = container["securityContext"]
    assert pod["automountServiceAccountToken"] is False
    assert (allowed["runAsNonRoot"], allowed["readOnlyRootFilesystem"], allowed["allowPrivilegeEscalation"]) == (True, True, False)
    assert allowed["capabilities"] == {"drop": ["ALL"]}


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())["jobs"]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    used = re.findall(r"^ *(?:- )?uses: (.+)$", path.read_text(), re.MULTILINE)
    assert used
    assert [action for action in used if not action.startswith("./") and not PINNED_ACTION.fullmatch(action)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_have_no_right_that_a_job_does_not_name(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {}
    may_write = {name for name, job in jobs(path).items() if "write" in job["permissions"].values()}
    assert may_write <= {"publish"}
    assert set(re.findall(r"secrets\.(\w+)", path.read_text())) <= {"GITHUB_TOKEN"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_step_keeps_the_token_or_runs_what_a_stranger_wrote(path: Path) -> None:
    for job in jobs(path).values():
        assert "uses" in job or job["timeout-minutes"] <= 60
        for step in job.get("steps", []):
            assert "${{" not in step.get("run", ""), "pass it as an environment variable"
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
    assert "pull_request_target" not in path.read_text()


def test_the_job_that_may_publish_runs_none_of_our_code() -> None:
    (publish,) = [job for path in WORKFLOWS for name, job in jobs(path).items() if name == "publish"]
    assert not re.search(r"\bmake\b|\bhack/|\bpython", "\n".join(step.get("run", "") for step in publish["steps"]))


def test_a_release_has_every_image_signed_and_with_its_packages_told() -> None:
    (release,) = [path for path in WORKFLOWS if path.stem == "release"]
    shipped = {re.findall(r"image\.title=(\S+)", path.read_text())[0] for path in DOCKERFILES}
    publish = jobs(release)["publish"]
    assert shipped <= set(publish["strategy"]["matrix"]["package"])
    (told,) = [step for step in publish["steps"] if "sbom-path" in step.get("with", {})]
    archived = (ROOT / "hack" / "archives.sh").read_text()
    assert all(f"${name}_image" in archived for name in ("sidecar", "wrapper"))
    for title in (re.findall(r"image\.title=(\S+)", path.read_text())[0] for path in WITH_PACKAGES):
        assert f"'{title}'" in told["if"]
        assert f"{title}.cdx.json" in (ROOT / "hack" / "package.sh").read_text()


@pytest.mark.parametrize(
    ("package", "some"),
    [
        ("zerotouch-function", {"grpcio", "protobuf", "msgspec", "crossplane-function-sdk-python", "zerotouch-contract"}),
        ("zerotouch-sidecar", {"zerotouch-contract"}),
    ],
)
def test_the_sbom_lists_every_locked_package_and_is_the_same_each_time(package: str, some: set[str], tmp_path: Path) -> None:
    written = []
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1735689600"}
    for name in ("a.json", "b.json"):
        subprocess.run([sys.executable, "hack/sbom.py", package, str(tmp_path / name)], cwd=ROOT, check=True, env=environment)
        written.append((tmp_path / name).read_text())
    assert written[0] == written[1]
    sbom = json.loads(written[0])
    listed = {component["name"]: component.get("version") for component in sbom["components"]}
    locked = {package["name"]: package.get("version") for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    assert (sbom["bomFormat"], sbom["specVersion"], sbom["metadata"]["timestamp"]) == ("CycloneDX", "1.5", "2025-01-01T00:00:00Z")
    assert some <= listed.keys()
    assert all(locked[name] == version for name, version in listed.items())

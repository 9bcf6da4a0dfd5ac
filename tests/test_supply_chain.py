"""What the images and the release are made of: from one base image, pinned, without rights, and told. tests/release runs a release."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.archives import entry, layer, write_archive

ROOT: Final = Path(__file__).parents[1]
SHIPPED_FROM: Final = ("functions", "wrapper-image", "sidecar-image")
DOCKERFILES: Final = [path for folder in SHIPPED_FROM for path in sorted((ROOT / folder).rglob("Dockerfile"))]
WITH_PACKAGES: Final = [path for path in DOCKERFILES if "requirements.txt" in path.read_text()]
WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))

BASE_IMAGE: Final = re.compile(r"FROM (python:3\.\d+-slim(?:@sha256:[0-9a-f]{64})?) AS python")
DIGEST: Final = f"sha256:{'d' * 64}"
DOCKER: Final = f"""#!/bin/sh
[ "$*" = 'buildx imagetools inspect python:3.13-slim --format {{{{.Manifest.Digest}}}}' ] && echo {DIGEST}
"""
"""A registry that has one image."""

PINNED_IMAGE: Final = re.compile(r"[a-z0-9./-]+:v?[a-z0-9.-]*\d+\.\d+[a-z0-9.-]*@sha256:[0-9a-f]{64}")
PINNED_ACTION: Final = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def base_images(dockerfile: str) -> list[str]:
    """What its stages begin from, with the defaults of arguments filled in."""
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)", dockerfile, re.MULTILINE))
    stages = set(re.findall(r"^FROM .* AS (\S+)", dockerfile, re.MULTILINE))
    images = re.findall(r"^FROM (?:--\S+ )*(\S+)", dockerfile, re.MULTILINE)
    named = [re.sub(r"\$\{?(\w+)\}?", lambda match: defaults[match[1]], image) for image in images]
    return [image for image in named if image not in stages]


def test_all_images_are_built_from_one_that_each_dockerfile_names_in_the_same_words() -> None:
    bases = [base_images(path.read_text()) for path in DOCKERFILES]
    assert len(bases) == 3
    assert all(base == bases[0] for base in bases)
    (base,) = bases[0]
    assert [BASE_IMAGE.findall(path.read_text()) for path in DOCKERFILES] == [[base]] * 3, "Dependabot reads FROM, and no ARG"
    assert all(re.search(r"^ARG PYTHON_IMAGE=python$", path.read_text(), re.MULTILINE) for path in DOCKERFILES)


def test_dependabot_looks_into_each_folder_with_a_shipped_dockerfile() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    (docker,) = [update for update in updates if update["package-ecosystem"] == "docker"]
    assert sorted(docker["directories"]) == sorted(f"/{path.parent.relative_to(ROOT)}" for path in DOCKERFILES)
    assert docker["groups"] == {"base-image": {"patterns": ["*"]}}, "all of them in one pull request"


def base_image(folder: Path, *named: str) -> subprocess.CompletedProcess[str]:
    """hack/base_image.sh of a checkout whose Dockerfiles name these images."""
    shutil.copytree(ROOT / "hack", folder / "hack")
    shutil.copy(ROOT / "versions.env", folder)
    for path, image in zip(DOCKERFILES, named, strict=True):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True)
        copy.write_text(re.sub(r"^FROM .* AS python$", f"FROM {image} AS python", path.read_text(), flags=re.MULTILINE))
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "VERSION": "v1.2.3"}
    return subprocess.run([str(folder / "hack/base_image.sh")], env=environment, capture_output=True, text=True, check=False)


def test_a_release_is_built_on_the_digest_that_the_tag_has(tmp_path: Path) -> None:
    assert base_image(tmp_path, *["python:3.13-slim"] * 3).stdout == f"python:3.13-slim@{DIGEST}\n"


def test_a_release_is_built_on_the_digest_that_the_dockerfiles_name(tmp_path: Path) -> None:
    named = f"python:3.13-slim@sha256:{'e' * 64}"
    assert base_image(tmp_path, *[named] * 3).stdout == f"{named}\n"


def test_no_release_is_built_on_two_images(tmp_path: Path) -> None:
    done = base_image(tmp_path, "python:3.13-slim", "python:3.12-slim", "python:3.13-slim")
    assert done.returncode
    assert done.stderr == (
        "Error: the Dockerfiles are built from different images: python:3.12-slim, python:3.13-slim\n       name the same one in each\n"
    )


def test_no_release_is_built_on_a_tag_that_the_registry_does_not_have(tmp_path: Path) -> None:
    done = base_image(tmp_path, *["python:3.12-slim"] * 3)
    assert (bool(done.returncode), done.stdout) == (True, "")


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


def test_the_builder_of_a_release_is_pinned() -> None:
    (release,) = [path for path in WORKFLOWS if path.stem == "release"]
    steps = {step["uses"].partition("@")[0]: step.get("with", {}) for step in jobs(release)["build"]["steps"] if "uses" in step}
    assert PINNED_IMAGE.fullmatch(steps["docker/setup-qemu-action"]["image"])
    assert PINNED_IMAGE.fullmatch(steps["docker/setup-buildx-action"]["driver-opts"].removeprefix("image="))


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


def test_each_night_runs_what_a_merge_does_not_wait_for() -> None:
    nightly, ci = ((ROOT / ".github" / "workflows" / f"{name}.yaml").read_text() for name in ("nightly", "ci"))
    assert yaml.safe_load(nightly)[True].keys() == {"schedule", "workflow_dispatch"}, "YAML reads `on` as true"
    for command in ("make reproducible", "make e2e PYTEST_FLAGS='-m operations'", "make fuzz"):
        (job,) = [job for job in yaml.safe_load(nightly)["jobs"].values() if any(command in step.get("run", "") for step in job["steps"])]
        assert not any(step.get("continue-on-error") for step in job["steps"])
        assert command not in ci


def test_what_a_night_builds_twice_is_built_as_a_release_builds_it() -> None:
    (release, nightly) = (jobs(ROOT / ".github" / "workflows" / f"{name}.yaml") for name in ("release", "nightly"))
    for key in ("WRAPPER_PYTHONS", "python-version"):
        assert value_of(release["build"], key) == value_of(nightly["reproducible"], key)


def value_of(job: dict[str, Any], key: str) -> str:
    """The one value that the job's steps have for an input or a variable."""
    (value,) = [str(values[key]) for step in job["steps"] for values in (step.get("with", {}), step.get("env", {})) if key in values]
    return value


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
        assert re.search(rf"^sbom \S+ {title}$", archived, re.MULTILINE)


def sbom(package: str, folder: Path, *, image: str) -> str:
    """What hack/sbom.py tells of an image whose Python is 3.13.5."""
    archive, output = folder / "image.tar", folder / "told.json"
    base, ours = layer(entry("etc/os-release")), layer(entry("app/pyvenv.cfg", b"home = /usr/bin\nversion = 3.13.5\n"))
    write_archive(archive, [base, ours])
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1735689600", "PYTHON_IMAGE": image}
    subprocess.run([sys.executable, "hack/sbom.py", package, str(archive), str(output)], cwd=ROOT, check=True, env=environment)
    return output.read_text()


def installed(package: str) -> set[tuple[str, str]]:
    """What hack/images.sh installs: the locked packages, and our own that this one needs."""
    uv = Path(sys.executable).with_name("uv")
    export = [str(uv), "export", "--quiet", "--frozen", "--no-dev", "--no-header", "--no-annotate", "--no-hashes", "--package", package]
    lines = subprocess.run(export, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    ours = [tomllib.loads((ROOT / line.removeprefix("-e ") / "pyproject.toml").read_text()) for line in lines if line.startswith("-e ")]
    locked = [line.partition(" ;")[0].split("==") for line in lines if not line.startswith("-e ")]
    return {(name, version) for name, version in locked} | {
        (project["project"]["name"], project["project"]["version"]) for project in ours if project["project"]["name"] != package
    }


@pytest.mark.parametrize("package", ["zerotouch-function", "zerotouch-sidecar"])
def test_the_sbom_lists_what_is_installed_cpython_and_the_base_image_and_nothing_else(package: str, tmp_path: Path) -> None:
    told = json.loads(sbom(package, tmp_path, image=f"python:3.13-slim@{DIGEST}"))
    listed = [(component["name"], component.get("version")) for component in told["components"]]
    assert len(installed(package)) > 5
    assert sorted(listed) == sorted({*installed(package), ("cpython", "3.13.5"), ("python:3.13-slim", DIGEST)})
    assert (told["bomFormat"], told["specVersion"], told["metadata"]["timestamp"]) == ("CycloneDX", "1.5", "2025-01-01T00:00:00Z")
    assert told["metadata"]["component"]["name"] == package


def test_the_sbom_says_what_it_does_not_list(tmp_path: Path) -> None:
    told = json.loads(sbom("zerotouch-sidecar", tmp_path, image="python:3.13-slim"))
    (base,) = [component for component in told["components"] if component["type"] == "container"]
    assert base == {"type": "container", "bom-ref": "base-image", "name": "python:3.13-slim"}, "no digest that the build was not given"
    assert told["compositions"] == [{"aggregate": "incomplete", "assemblies": ["base-image"]}]
    (scope,) = told["metadata"]["properties"]
    assert "the Debian packages in it are described by its own publisher" in scope["value"]


def test_the_sbom_is_the_same_each_time_and_another_of_another_image(tmp_path: Path) -> None:
    first, again, other = (sbom("zerotouch-sidecar", tmp_path, image=image) for image in ("python:a", "python:a", "python:b"))
    assert first == again
    assert json.loads(first)["serialNumber"] != json.loads(other)["serialNumber"]


def test_no_sbom_is_written_of_an_image_without_python(tmp_path: Path) -> None:
    write_archive(tmp_path / "image.tar", [layer(entry("bin/sh"))])
    command = [sys.executable, "hack/sbom.py", "zerotouch-sidecar", str(tmp_path / "image.tar"), str(tmp_path / "told.json")]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHON_IMAGE": "python"}, capture_output=True, text=True, check=False)
    assert "image.tar: no layer has /app/pyvenv.cfg" in done.stderr
    assert not (tmp_path / "told.json").exists()

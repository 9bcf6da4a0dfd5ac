"""A release: nothing gets its tag before it is signed, attested and verified, and a tag never moves."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.release.workflow import JOBS, PACKAGES, REGISTRY, REPOSITORY, ROOT, VERSION, Run, prepared

IMAGES: Final = ("agent-wrapper", "agent-sidecar")
WITH_PACKAGES: Final = ("agent-sidecar", "function-agents")
BASE: Final = f"python:3.13-slim@sha256:{'5' * 64}"
ANOTHER: Final = f"sha256:{'a' * 64}"
IDENTITY: Final = f"https://github.com/{REPOSITORY}/.github/workflows/release.yaml@refs/tags/{VERSION}"
ISSUER: Final = "https://token.actions.githubusercontent.com"
BEFORE_THE_TAG: Final = ("docker push", "imagetools create --tag", "cosign sign", "actions/attest", "cosign verify", "gh attestation")

PUSHES: Final = {
    **{
        image: [
            *(
                f"docker {call}"
                for platform in ("amd64", "arm64")
                for call in (
                    f"load --input packages/{image}-{platform}.tar",
                    f"tag {REGISTRY}/{image}:{VERSION} {REGISTRY}/{image}:staging-{VERSION}-{platform}",
                    f"push {REGISTRY}/{image}:staging-{VERSION}-{platform}",
                )
            ),
            f"docker buildx imagetools create --tag {REGISTRY}/{image}:staging-{VERSION}"
            f" {REGISTRY}/{image}:staging-{VERSION}-amd64 {REGISTRY}/{image}:staging-{VERSION}-arm64",
        ]
        for image in IMAGES
    },
    "function-agents": [
        "crossplane xpkg push -f packages/function-agents-amd64.xpkg,packages/function-agents-arm64.xpkg"
        f" {REGISTRY}/function-agents:staging-{VERSION}"
    ],
    **{
        name: [f"crossplane xpkg push -f packages/{name}.xpkg {REGISTRY}/{name}:staging-{VERSION}"]
        for name in ("configuration-agents", "configuration-agents-crossplane-v1")
    },
}
"""How each package gets into the registry: an image and the function for two architectures."""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = prepared(tmp_path)
    run.build()
    run.forget_calls()
    return run


def test_a_release_has_every_package() -> None:
    assert set(PACKAGES) == PUSHES.keys()


def test_every_build_of_a_release_has_the_same_base_image(tmp_path: Path) -> None:
    run = prepared(tmp_path)
    run.build()
    assert run.calls == ["make package with " + BASE, "archives.sh"] * 2
    assert (tmp_path / "summary").read_text() == f"Base image: {BASE}\n"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_digest_that_was_pushed_is_signed_attested_and_verified_and_then_gets_the_tag(package: str, run: Run) -> None:
    assert run.publish(package)
    digest = run.digest(f"{package}:staging-{VERSION}")
    subject = f"{REGISTRY}/{package}@{digest}"
    attest = f"actions/attest subject-name={REGISTRY}/{package} subject-digest={digest}"
    stored = "push-to-registry=True create-storage-record=False"
    assert run.calls == [
        *PUSHES[package],
        f"cosign sign --yes --recursive {subject}",
        f"{attest} {stored}",
        *(f"{attest} sbom-path=packages/{name}.cdx.json {stored}" for name in WITH_PACKAGES if name == package),
        f"cosign verify {subject} --certificate-identity {IDENTITY} --certificate-oidc-issuer {ISSUER}",
        f"gh attestation verify oci://{subject} --repo {REPOSITORY} --cert-identity {IDENTITY}",
        f"docker buildx imagetools create --prefer-index=false --tag {REGISTRY}/{package}:{VERSION} {subject}",
    ]
    assert run.digest(f"{package}:{VERSION}") == digest
    assert f"{REGISTRY}/{package}:{VERSION}@{digest}\n" in (run.folder / "summary").read_text()


@pytest.mark.parametrize("broken", BEFORE_THE_TAG)
def test_a_step_that_fails_leaves_no_release_and_another_run_goes_on(broken: str, run: Run) -> None:
    assert not run.publish("agent-sidecar", broken=broken)
    assert run.digest(f"agent-sidecar:{VERSION}") is None
    assert run.publish("agent-sidecar")
    assert run.digest(f"agent-sidecar:{VERSION}") == run.digest(f"agent-sidecar:staging-{VERSION}")


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_released_already_is_released_again(package: str, run: Run) -> None:
    assert run.publish(package)
    released = run.digest(f"{package}:{VERSION}")
    assert run.publish(package)
    assert run.digest(f"{package}:{VERSION}") == released


def test_a_release_is_never_replaced(run: Run) -> None:
    run.tag(f"agent-sidecar:{VERSION}", ANOTHER)
    assert not run.publish("agent-sidecar")
    assert run.digest(f"agent-sidecar:{VERSION}") == ANOTHER
    assert run.calls == PUSHES["agent-sidecar"], "nothing is signed that is not released"


def test_a_registry_that_does_not_answer_is_no_registry_without_the_release(run: Run) -> None:
    assert not run.publish("agent-sidecar", broken=f"imagetools inspect {REGISTRY}/agent-sidecar:{VERSION} ")
    assert run.calls == PUSHES["agent-sidecar"]


def test_a_staging_tag_is_no_version() -> None:
    """Crossplane looks for versions among the tags of a package, with or without a v, and a suffix makes one as well."""
    assert not re.match(r"v?\d", f"staging-{VERSION}")
    assert all(f":staging-{VERSION}" in push for pushes in PUSHES.values() for push in pushes if " push" in push)


def test_only_what_is_on_main_is_released() -> None:
    steps = JOBS["build"]["steps"]
    (number,) = [number for number, step in enumerate(steps) if "merge-base --is-ancestor HEAD origin/main" in step.get("run", "")]
    (checkout,) = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"]["fetch-depth"] == 0, "main is not there otherwise"
    assert number < next(number for number, step in enumerate(steps) if "make package" in step.get("run", ""))


def test_publishing_has_the_rights_that_its_steps_need() -> None:
    assert JOBS["publish"]["permissions"] == {"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"}
    assert JOBS["publish"]["environment"] == "release"


def test_no_step_before_a_release_takes_its_tag() -> None:
    """What is pushed by hand as the release is another digest than the workflow's, which then never gets the tag."""
    _, _, steps = (ROOT / "CONTRIBUTING.md").read_text().partition("\n## Release\n")
    tried = re.findall(r"`make (?:install|push) [^`]*VERSION=[^`]*`", steps)
    assert tried
    assert all("REGISTRY=" in command and REGISTRY not in command for command in tried)


def test_a_consumer_verifies_as_the_release_does() -> None:
    told = (ROOT / "docs" / "operations.md").read_text().replace("\\\n", " ")
    (verify,) = [step["run"].replace("\\\n", " ") for step in JOBS["publish"]["steps"] if "cosign verify" in step.get("run", "")]
    for command in ("cosign verify", "gh attestation verify"):
        (there,) = re.findall(rf"^{command} .*$", told, re.MULTILINE)
        (here,) = re.findall(rf"^{command} .*$", verify, re.MULTILINE)
        assert flags(there) == flags(here)
    assert IDENTITY.replace(VERSION, "$VERSION") in told


def flags(command: str) -> list[str]:
    return re.findall(r"--[a-z-]+", command)

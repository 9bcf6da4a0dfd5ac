"""hack/package.sh: a Configuration names what was built for its registry, and calls its function as Crossplane will name it there."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.checkouts import CROSSPLANE, SAVE, make_checkout

KUBECTL: Final = os.environ.get("KUBECTL", "kubectl")
VERSION: Final = "v1.2.3"
CONFIGURATIONS: Final = ("configuration-agents", "configuration-agents-crossplane-v1")

NAMES: Final = {
    "ghcr.io/bizmatters": "bizmatters-function-agents",
    "registry.example.com/acme": "acme-function-agents",
    "registry.example.com:5000": "function-agents",
    "registry.example.com/team/sub.group/my_agents": "team-sub-group-myagents-function-agents",
    "registry.example.com/a--b/-c": "a--b--c-function-agents",
    "registry.example.com/_": "function-agents",
    "registry.example.com/platform-engineering/kubernetes/agents/production-eur": (
        "platform-engineering-kubernetes-agents-production-eur-function"
    ),
    "registry.example.com/platform-engineering/kubernetes/agents/production-europe": (
        "platform-engineering-kubernetes-agents-production-europe-functi"
    ),
}
"""What Crossplane's own code calls function-agents of each registry: ToDNSLabel of the repository that go-containerregistry reads."""


def package(folder: Path, registry: str) -> subprocess.CompletedProcess[str]:
    """Runs it on a checkout with an image for that registry, and with programs that only copy."""
    make_checkout(folder / "checkout")
    (folder / "store" / registry / f"function-agents:{VERSION}").mkdir(parents=True)
    for name, text in {"save": SAVE, "crossplane": CROSSPLANE}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{folder / 'checkout/.venv/bin'}:{os.environ['PATH']}",
        "CROSSPLANE": str(folder / "crossplane"),
        "IMAGE_SAVE": f'{folder / "save"} "$@"',
        "REGISTRY": registry,
        "SOURCE_DATE_EPOCH": "1735689600",
        "STORE": str(folder / "store"),
        "VERSION": VERSION,
    }
    return subprocess.run([str(folder / "checkout/hack/package.sh")], env=environment, capture_output=True, text=True, check=False)


def steps(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [step for m in manifests if m["kind"] == "Composition" for step in m["spec"]["pipeline"]]


@pytest.mark.skipif(not shutil.which(KUBECTL), reason=f"{KUBECTL} is not on PATH: set KUBECTL")
@pytest.mark.parametrize("registry", NAMES)
def test_a_configuration_calls_the_function_that_comes_with_it(registry: str, tmp_path: Path) -> None:
    done = package(tmp_path, registry)
    assert done.returncode == 0, done.stderr
    for configuration in CONFIGURATIONS:
        text = (tmp_path / f"checkout/build/{configuration}.xpkg").read_text()
        manifests = list(yaml.safe_load_all(text))
        (metadata,) = [m for m in manifests if m["kind"] == "Configuration"]
        assert metadata["spec"]["dependsOn"][0] == {"function": f"{registry}/function-agents", "version": f">={VERSION}"}
        assert {step["functionRef"]["name"] for step in steps(manifests)} == {NAMES[registry]}
        images = [step["input"]["agents"]["images"] for step in steps(manifests) if "agents" in step["input"]]
        assert images
        assert all(found == {part: f"{registry}/agent-{part}:{VERSION}" for part in ("sidecar", "wrapper")} for found in images)
        assert registry.startswith("ghcr.io/bizmatters") or "ghcr.io/bizmatters" not in text


@pytest.mark.parametrize("registry", ["acme", "localhost/acme"])
def test_a_registry_without_a_host_is_refused(registry: str, tmp_path: Path) -> None:
    done = package(tmp_path, registry)
    assert done.returncode == 1
    assert f"Error: REGISTRY: {registry} names no host\n" in done.stderr
    assert not list((tmp_path / "checkout").glob("build/*.xpkg"))


def test_packages_are_pushed_by_a_program_whose_path_has_spaces(tmp_path: Path) -> None:
    make_checkout(tmp_path / "checkout")
    program = tmp_path / "the crossplane"
    program.write_text('#!/bin/sh\necho "$*" >>calls\n')
    program.chmod(0o755)
    settings = {"CROSSPLANE": str(program), "IMAGE_LOAD": "true", "REGISTRY": "example.com", "VERSION": VERSION}
    environment = {**{name: value for name, value in os.environ.items() if name != "XPKG_PUSH"}, **settings}
    subprocess.run(["hack/push.sh"], cwd=tmp_path / "checkout", env=environment, check=True)
    assert (tmp_path / "checkout/calls").read_text().splitlines() == [
        f"xpkg push -f build/{name}.xpkg example.com/{name}:{VERSION}" for name in ("function-agents", *CONFIGURATIONS)
    ]

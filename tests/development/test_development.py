"""The developer's environment, as far as it can be checked without Docker: files, names, scripts, and what the Tiltfile asks for."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import starlark

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".devcontainer"
SCRIPTS: Final = [FOLDER / "setup-kind.sh", *sorted((ROOT / "examples/consumer-repo/scripts/ci").glob("*.sh"))]
CONTAINER: Final[dict[str, Any]] = json.loads((FOLDER / "devcontainer.json").read_text())
REGISTRY: Final = "zerotouch-registry.local:5000"


def test_the_container_names_files_and_targets_that_exist() -> None:
    assert (FOLDER / CONTAINER["build"]["dockerfile"]).exists()
    assert (FOLDER / CONTAINER["build"]["context"]).resolve() == ROOT
    assert (ROOT / CONTAINER["postCreateCommand"]).stat().st_mode & 0o100
    assert f"\n{CONTAINER['onCreateCommand'].removeprefix('make ')}:" in (ROOT / "Makefile").read_text()


def test_all_use_the_same_registry() -> None:
    assert CONTAINER["containerEnv"]["REGISTRY"] == REGISTRY
    assert REGISTRY in (ROOT / "Tiltfile").read_text()
    script = (FOLDER / "setup-kind.sh").read_text()
    values = dict(re.findall(r"^(name|container|registry)=(\S+)$", script, re.MULTILINE))
    container = values["container"].replace("$name", values["name"])
    assert values["registry"].replace("$container", container) == REGISTRY


def test_the_image_has_every_program_that_the_script_and_make_call() -> None:
    dockerfile = (FOLDER / "Dockerfile").read_text()
    for program in ("kubectl", "kind", "helm", "crossplane", "tilt"):
        assert f"/usr/local/bin/{program}" in dockerfile
    pinned = dict(re.findall(r"^(\w+)=(\S+)$", (ROOT / "versions.env").read_text(), re.MULTILINE))
    arguments = dict(re.findall(r"^ARG (\w+)=(\S+)$", dockerfile, re.MULTILINE))
    used = set(re.findall(r"\$(\w+_VERSION)", dockerfile))
    assert used <= pinned.keys() | arguments.keys()
    assert not pinned.keys() & arguments.keys(), "a version has one place"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(path: Path) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_script_installs_the_components_as_the_platform_does() -> None:
    script = (FOLDER / "setup-kind.sh").read_text()
    charts = re.findall(r"^chart (\S+)$", script, re.MULTILINE)
    assert charts == ["01-nats", "02-crossplane", "03-keda"]
    for name in charts:
        application = (ROOT / f"bootstrap/components/{name}.yaml").read_text()
        first = [re.findall(rf"^[ -]*{key}: (.+)$", application, re.MULTILINE)[0] for key in ("chart", "repoURL", "targetRevision")]
        assert first[0] == name.partition("-")[2]
        assert first[1].startswith("https://")
        assert re.fullmatch(r"[\d.]+", first[2])


def test_the_tiltfile_watches_folders_and_calls_targets_that_exist() -> None:
    resources = tilt((ROOT / "Tiltfile").read_text())
    assert [resource["name"] for resource in resources] == ["platform", "check", "test", "e2e", "example"]
    makefile = (ROOT / "Makefile").read_text()
    for resource in resources:
        assert [path for path in resource.get("deps", []) if not (ROOT / path).exists()] == []
        assert set(resource.get("resource_deps", [])) <= {other["name"] for other in resources}
        for target in re.findall(r"make (\w+)", resource["cmd"]):
            assert f"\n{target}:" in makefile
        for path in re.findall(r"-f (\S+)", resource["cmd"]):
            assert (ROOT / path).exists()


def test_tilt_builds_again_when_anything_that_is_built_changes() -> None:
    inputs = runpy.run_path(str(ROOT / "hack/version.py"))["INPUTS"]
    for resource in tilt((ROOT / "Tiltfile").read_text())[:3]:
        assert set(inputs) <= set(resource["deps"]), resource["name"]


def tilt(text: str) -> list[dict[str, Any]]:
    """What the Tiltfile asks Tilt for."""
    resources: list[dict[str, Any]] = []
    contexts: list[str] = []

    def local_resource(name: str, **options: Any) -> None:
        resources.append({"name": name, **options})

    module = starlark.Module()
    module.add_callable("local_resource", local_resource)
    module.add_callable("allow_k8s_contexts", contexts.append)
    module.add_callable("getenv", lambda _name, default: default)
    module["TRIGGER_MODE_MANUAL"] = 1
    # Tilt's own `os` is a struct; here one is made of the only function that we use.
    globals_ = starlark.Globals.extended_by([starlark.LibraryExtension.StructType])
    ast = starlark.parse("Tiltfile", "os = struct(getenv = getenv)\n" + text)
    starlark.eval(module, ast, globals_)
    assert contexts == ["kind-zerotouch"]
    return resources

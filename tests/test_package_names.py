"""The layer names packages as Crossplane names dependencies: what comes with a Configuration is found, called and granted its rights."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.bootstrap.manifests import Manifest, document, documents, named
from tests.rights import rendered

ROOT: Final = Path(__file__).parents[1]
LAYER: Final = ROOT / "platform/04-apis"
FUNCTION: Final = "platform/04-apis/base/function.yaml"
PROVIDER: Final = "platform/04-apis/overlays/crossplane-v1/provider.yaml"
CONFIGURATIONS: Final = {
    "package": {"function": FUNCTION},
    "package/crossplane-v1": {"function": FUNCTION, "provider": PROVIDER},
}
"""What each Configuration depends on, and the file that has its name and its settings."""


def dependency_name(repository: str) -> str:
    """The name that Crossplane gives a dependency: its repository without the registry, as a DNS label.

    `NewPackage` in https://github.com/crossplane/crossplane/blob/main/internal/controller/pkg/resolver/reconciler.go, and `ToDNSLabel` in
    https://github.com/crossplane/crossplane-runtime/blob/main/pkg/xpkg/name.go, the same in v1.20.
    """
    path = repository.partition("/")[2][:63]
    return re.sub(r"[./:]", "-", re.sub(r"[^a-z0-9./:-]", "", path)).strip("-")


def readme(configuration: str) -> str:
    metadata: Manifest = document(ROOT / configuration / "crossplane.yaml")["metadata"]
    return str(metadata["annotations"]["meta.crossplane.io/readme"])


def guide() -> str:
    return (ROOT / "docs/operations.md").read_text().partition("### From the package alone")[2].partition("\n## ")[0]


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_settings_are_for_the_name_that_crossplane_gives_the_dependency(configuration: str) -> None:
    dependencies: list[Manifest] = document(ROOT / configuration / "crossplane.yaml")["spec"]["dependsOn"]
    found: dict[str, str] = {kind: d[kind] for d in dependencies for kind in ("function", "provider") if kind in d}
    assert found.keys() == CONFIGURATIONS[configuration].keys()
    for kind, file in CONFIGURATIONS[configuration].items():
        package = named(documents(ROOT / file), kind.capitalize())
        assert package["spec"]["package"].rpartition(":")[0] == found[kind]
        assert package["metadata"]["name"] == dependency_name(found[kind])


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_a_readme_says_which_settings_to_apply(configuration: str) -> None:
    text = " ".join(readme(configuration).split())
    for file in CONFIGURATIONS[configuration].values():
        assert f"`kubectl apply --server-side --force-conflicts -f {file}`" in text


def test_the_providers_settings_come_before_its_rights() -> None:
    for text in (readme("package/crossplane-v1"), guide()):
        assert -1 < text.find(f"-f {PROVIDER}") < text.find("-k platform/04-apis/rbac/objects")


@pytest.mark.parametrize("file", ["docs/operations.md", "tests/e2e/operations/README.md"])
def test_the_provider_that_a_guide_waits_for_is_the_layers(file: str) -> None:
    waited = set(re.findall(r"provider\.pkg\.crossplane\.io/(\S+)", (ROOT / file).read_text()))
    assert waited == {named(documents(ROOT / PROVIDER), "Provider")["metadata"]["name"]}


@pytest.mark.parametrize("folder", [".", "overlays/diagnostics", "overlays/crossplane-v1"])
def test_a_variants_compositions_call_its_function(folder: str) -> None:
    made = rendered(LAYER / folder)
    called = {step["functionRef"]["name"] for m in made if m["kind"] == "Composition" for step in m["spec"]["pipeline"]}
    assert called == {named(made, "Function")["metadata"]["name"]}


def test_the_guide_writes_another_registrys_name_into_all_of_the_functions_settings() -> None:
    (command,) = re.findall(r"^(sed '.*) \|$", guide(), re.MULTILINE)
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    function, config, budget = yaml.safe_load_all(done.stdout)
    repository = function["spec"]["package"].rpartition(":")[0]
    label = {"pkg.crossplane.io/function": dependency_name(repository)}
    assert repository == "registry.example.com/acme/function-agents"
    assert function["metadata"]["name"] == dependency_name(repository)
    assert budget["spec"]["selector"]["matchLabels"] == label
    (spread,) = config["spec"]["deploymentTemplate"]["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == label

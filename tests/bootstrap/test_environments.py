"""What `kubectl apply -f bootstrap/root.yaml` brings up, in each environment."""

import re
import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.bootstrap.manifests import BOOTSTRAP, ENVIRONMENTS, ROOT, Manifest, document, documents, kustomize, named, wave

COMPONENTS: Final = {"nats", "crossplane", "keda", "external-secrets"}
LAYERS: Final = {"apis", "guardrails"}
SETTINGS: Final = {"environment", "repoURL", "targetRevision", "awsRegion", "apis"}
FOLDERS: Final = sorted(path.parent for top in ("bootstrap", "platform") for path in (ROOT / top).rglob("kustomization.yaml"))
COMPONENT_FILES: Final = [path for path in sorted(BOOTSTRAP.glob("components/0*.yaml")) if not path.name.endswith(".values.yaml")]
MANIFESTS: Final = [BOOTSTRAP / "root.yaml", *COMPONENT_FILES, *sorted((ROOT / "platform").glob("0*.yaml"))]


def settings(environment: str) -> Manifest:
    data: Manifest = document(BOOTSTRAP / "environments" / environment / "settings.yaml")["data"]
    return data


def applications(manifests: list[Manifest]) -> dict[str, Manifest]:
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] == "Application"}


def sources(application: Manifest) -> list[Manifest]:
    spec = application["spec"]
    return list(spec.get("sources") or [spec["source"]])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_kustomize_builds_every_folder(folder: Path) -> None:
    if document(folder / "kustomization.yaml")["kind"] == "Component":
        pytest.skip("a component is built with what includes it")
    assert kustomize(folder)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_has_its_components_and_every_layer(environment: str) -> None:
    made = kustomize(BOOTSTRAP / "environments" / environment)
    want = LAYERS if environment == "test" else LAYERS | COMPONENTS
    assert set(applications(made)) == want
    assert named(made, "ApplicationSet")["metadata"]["name"] == "tenants"
    assert not [m for m in made if m["metadata"]["name"] == "settings"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_waves_go_from_checks_and_projects_over_components_and_apis_to_teams(environment: str) -> None:
    made = kustomize(BOOTSTRAP / "environments" / environment)
    waves = {f"{m['kind']}/{m['metadata']['name']}": wave(m) for m in made}
    want = {
        "ConfigMap/argocd-cm": -3,
        "AppProject/platform": -2,
        "AppProject/tenants": -2,
        **{f"Application/{name}": 0 for name in COMPONENTS if environment != "test"},
        **{f"Application/{name}": 1 for name in LAYERS},
        "ApplicationSet/tenants": 2,
    }
    assert waves == want


def test_the_apis_are_where_the_contract_has_them() -> None:
    apis = document(ROOT / "platform/04-apis.yaml")
    assert (apis["metadata"]["name"], wave(apis), apis["spec"]["source"]["path"]) == ("apis", 1, "platform/04-apis")
    assert apis["spec"]["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_settings_are_the_only_place_that_a_fork_edits(environment: str, tmp_path: Path) -> None:
    for top in ("bootstrap", "platform", "apis"):
        shutil.copytree(ROOT / top, tmp_path / top)
    folder = tmp_path / "bootstrap/environments" / environment
    changed = {"environment": "staging", "repoURL": "https://fork.example/x.git", "targetRevision": "v9", "awsRegion": "r-1", "apis": "p/a"}
    assert set(changed) == set(settings(environment)) == SETTINGS
    (folder / "settings.yaml").write_text(yaml.safe_dump({**document(folder / "settings.yaml"), "data": changed}))
    made = kustomize(folder)
    text = yaml.safe_dump_all(made)
    assert settings(environment)["repoURL"] not in text
    assert "eu-central-1" not in text
    assert f"environments/{environment}/" not in text
    assert "targetRevision: main" not in text
    assert "revision: main" not in text
    for application in applications(made).values():
        own = [s for s in sources(application) if "chart" not in s]
        assert [(s["repoURL"], s["targetRevision"]) for s in own] == [("https://fork.example/x.git", "v9")]
    assert applications(made)["apis"]["spec"]["source"]["path"] == "p/a"
    parameters = named(made, "ApplicationSet")["spec"]["template"]["spec"]["source"]["helm"]["parameters"]
    assert {p["name"]: p["value"] for p in parameters if p["name"] != "team"} == {"environment": "staging", "awsRegion": "r-1"}


def test_the_root_and_its_environment_name_the_same_repository() -> None:
    source = document(BOOTSTRAP / "root.yaml")["spec"]["source"]
    environment = Path(source["path"]).name
    assert source["path"] == f"bootstrap/environments/{environment}"
    chosen = settings(environment)
    assert (source["repoURL"], source["targetRevision"]) == (chosen["repoURL"], chosen["targetRevision"])
    for name in ENVIRONMENTS:
        assert settings(name)["environment"] == name


def test_every_api_setting_in_the_comment_is_a_folder() -> None:
    for path in ("platform/04-apis", "platform/04-apis/overlays/diagnostics", "platform/04-apis/overlays/crossplane-v1"):
        assert (ROOT / path / "kustomization.yaml").exists()


def test_a_component_that_the_cluster_has_already_can_be_left_out(tmp_path: Path) -> None:
    for top in ("bootstrap", "platform", "apis"):
        shutil.copytree(ROOT / top, tmp_path / top)
    guide = (ROOT / "docs/operations.md").read_text()
    patch = next(block for block in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL) if "$patch: delete" in block)
    path = tmp_path / "bootstrap/environments/dev/kustomization.yaml"
    path.write_text(path.read_text() + patch)
    assert set(applications(kustomize(path.parent))) == LAYERS | COMPONENTS - {"nats"}


def permits(project: Manifest, namespace: str) -> bool:
    patterns = [d["namespace"] for d in project["spec"]["destinations"]]
    denied = any(fnmatchcase(namespace, p[1:]) for p in patterns if p.startswith("!"))
    return not denied and any(fnmatchcase(namespace, p) for p in patterns if not p.startswith("!"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_application_stays_within_its_project(environment: str) -> None:
    made = kustomize(BOOTSTRAP / "environments" / environment)
    for name, application in applications(made).items():
        project = named(made, "AppProject", application["spec"]["project"])
        assert permits(project, application["spec"]["destination"]["namespace"]), name
        assert {s["repoURL"] for s in sources(application)} <= set(project["spec"]["sourceRepos"]), name


def test_the_apis_project_allows_every_cluster_kind_of_every_variant() -> None:
    project = document(BOOTSTRAP / "projects/platform.yaml")
    allowed = {(k["group"], k["kind"]) for k in project["spec"]["clusterResourceWhitelist"]}
    for folder in (ROOT / "platform/04-apis", *(ROOT / "platform/04-apis/overlays").iterdir(), ROOT / "platform/05-guardrails"):
        for manifest in kustomize(folder):
            group = manifest["apiVersion"].rpartition("/")[0]
            assert "namespace" in manifest["metadata"] or (group, manifest["kind"]) in allowed, (folder, manifest["kind"])


def test_the_root_project_allows_what_the_root_makes_and_no_more() -> None:
    root, project = documents(BOOTSTRAP / "root.yaml")
    assert root["spec"]["project"] == project["metadata"]["name"]
    allowed = {(k["group"], k["kind"]) for k in project["spec"]["namespaceResourceWhitelist"]}
    made = {(m["apiVersion"].rpartition("/")[0], m["kind"]) for m in kustomize(BOOTSTRAP / "environments/prod")}
    assert made == allowed
    assert all(m["metadata"]["namespace"] == "argocd" for m in kustomize(BOOTSTRAP / "environments/prod"))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_every_sync_option_has_its_reason_in_a_comment(path: Path) -> None:
    lines = path.read_text().splitlines()
    options = [number for number, line in enumerate(lines) if re.match(r"\s+- [A-Z][A-Za-z]+=true$", line)]
    assert options
    for number in options:
        assert lines[number - 1].strip().startswith("#"), lines[number]


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_every_sync_retries_with_the_newest_commit_and_never_replaces(path: Path) -> None:
    manifest = document(path)
    spec = manifest["spec"]["template"]["spec"] if manifest["kind"] == "ApplicationSet" else manifest["spec"]
    policy = spec["syncPolicy"]
    assert policy["automated"] == {"prune": True, "selfHeal": True}
    assert policy["retry"]["refresh"] is True
    assert "Replace=true" not in policy["syncOptions"]
    assert "resources-finalizer.argocd.argoproj.io" not in manifest["metadata"].get("finalizers", [])


def test_argo_cd_reads_our_settings_and_not_what_crossplane_makes() -> None:
    settings_map = named(kustomize(BOOTSTRAP / "argocd"), "ConfigMap")
    assert settings_map["metadata"]["name"] == "argocd-cm"
    assert settings_map["metadata"]["labels"]["app.kubernetes.io/part-of"] == "argocd"
    data = settings_map["data"]
    assert data["application.resourceTrackingMethod"] == "annotation"
    excluded = {(g, k) for rule in yaml.safe_load(data["resource.exclusions"]) for g in rule["apiGroups"] for k in rule["kinds"]}
    definitions = [document(path)["spec"] for path in ROOT.glob("apis/*/definition.yaml")]
    for definition in definitions:
        assert (definition["group"], definition["names"]["kind"]) in excluded
        for kind in (definition["names"]["kind"], definition["claimNames"]["kind"]):
            assert f"resource.customizations.health.{definition['group']}_{kind}" in data
    assert ("", "Endpoints") in excluded

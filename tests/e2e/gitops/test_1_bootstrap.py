"""`kubectl apply -f bootstrap/root.yaml` brings up the platform in order, and keeps it that way."""

import json
from datetime import datetime
from functools import partial
from typing import Final

import pytest
import yaml

from tests.bootstrap.manifests import BOOTSTRAP, ENVIRONMENTS, Manifest, documents, kustomize, tenant
from tests.e2e.cluster import condition, get, kubectl
from tests.e2e.figures import Figures
from tests.e2e.gitops.argocd import APPLICATION_SET, NAMESPACE, Application, report
from tests.e2e.gitops.guide import ROOT
from tests.e2e.gitops.platform import LAYERS, ROOT_APPLICATION, TENANTS, Platform, full_kind
from tests.e2e.gitops.team import EXAMPLE_FILE

HEAL_SECONDS: Final = 300
KEPT: Final = ("ConfigMap/argocd-cm",)
"""Argo CD's own, which it cannot run without."""


def dry_run(manifests: list[Manifest]) -> None:
    """Has the API server judge each object by itself; unknown fields are errors."""
    for manifest in manifests:
        command = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-"]
        kubectl(*command, stdin=yaml.safe_dump(manifest))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_api_server_takes_every_environment(name: str, platform: Platform) -> None:
    dry_run([*documents(BOOTSTRAP / "root.yaml"), *kustomize(BOOTSTRAP / "environments" / name)])


def test_the_api_server_takes_what_a_team_gets_with_aws_ssm(platform: Platform) -> None:
    made = tenant(yaml.safe_load(EXAMPLE_FILE.read_text()))
    secrets = documents(ROOT / "examples/consumer-repo/deploy/prod/secrets.yaml")
    for manifest in (*made, *secrets):
        if manifest["metadata"].get("namespace", NAMESPACE) != NAMESPACE:
            manifest["metadata"]["namespace"] = "default"  # the team's own does not exist yet
    kinds = {manifest["kind"] for manifest in (*made, *secrets)}
    assert kinds == {"Namespace", "AppProject", "Application", "SecretStore", "ServiceAccount", "ExternalSecret"}
    dry_run([*made, *secrets])


def test_each_wave_began_when_the_one_before_was_healthy(platform: Platform) -> None:
    began = platform.began
    settings = json.loads(kubectl("-n", NAMESPACE, "get", "configmap", "argocd-cm", "--show-managed-fields", "-o", "json"))
    projects = [created(began[f"AppProject/{name}"]) for name in ("platform", "tenants")]
    layers = [created(began[f"Application/{layer.name}"]) for layer in LAYERS]
    ends = [time(application(layer.name)["status"]["operationState"]["finishedAt"]) for layer in LAYERS]
    tenants = created(get(APPLICATION_SET, TENANTS, NAMESPACE) or {})
    assert written(settings) <= min(projects), report()
    assert max(projects) <= min(layers), report()
    assert max(ends) <= tenants, report()


def test_inside_the_apis_each_wave_began_when_the_one_before_was_healthy(platform: Platform) -> None:
    began = platform.began
    packages = [created(manifest) for name, manifest in began.items() if name.startswith(("Function/", "ClusterRole/"))]
    runs = [since(manifest, kind) for manifest in of_kind(began, "Function") for kind in ("Installed", "Healthy")]
    definitions = [created(manifest) for manifest in of_kind(began, "CompositeResourceDefinition")]
    served = [since(m, kind) for m in of_kind(began, "CompositeResourceDefinition") for kind in ("Established", "Offered")]
    compositions = [created(manifest) for manifest in of_kind(began, "Composition")]
    assert max(packages) <= min(definitions)
    assert max(runs) <= min(definitions)
    assert max(served) <= min(compositions)


def of_kind(objects: dict[str, Manifest], kind: str) -> list[Manifest]:
    found = [manifest for name, manifest in objects.items() if name.startswith(f"{kind}/")]
    assert found, f"no {kind} among {', '.join(objects)}"
    return found


def application(name: str) -> Manifest:
    return Application(name).get()


def created(manifest: Manifest) -> datetime:
    return time(manifest["metadata"]["creationTimestamp"])


def since(manifest: Manifest, kind: str) -> datetime:
    """Since when the condition is as it is, which is true."""
    found = condition(manifest, kind)
    assert found["status"] == "True", found
    return time(found["lastTransitionTime"])


def written(manifest: Manifest) -> datetime:
    """When Argo CD first set its fields of an object that was there before."""
    times = [entry["time"] for entry in manifest["metadata"]["managedFields"] if entry["manager"].startswith("argocd")]
    return min(map(time, times))


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_bootstrapping_again_changes_nothing(platform: Platform) -> None:
    kubectl("diff", "-f", str(platform.repository.folder / "bootstrap/root.yaml"))  # fails where there is a difference
    before, syncs = contents(platform), finished()
    assert [line.rpartition(" ")[2] for line in platform.apply_root().splitlines()] == ["unchanged", "unchanged"]
    for layer in (ROOT_APPLICATION, *LAYERS):
        compared = layer.status()["reconciledAt"]
        layer.refresh()
        layer.wait_for("has compared again", partial(is_compared_since, layer, compared))
    platform.wait_healthy()
    assert (contents(platform), finished()) == (before, syncs), report()


def is_compared_since(layer: Application, compared: str) -> bool:
    return bool(layer.status()["reconciledAt"] != compared)


def contents(platform: Platform) -> dict[str, tuple[str, Manifest]]:
    """Identity and content of every object that the bootstrap made. The generation of an Application counts changes of its status too."""
    return {
        name: (m["metadata"]["uid"], {key: value for key, value in m.items() if key not in ("metadata", "status", "operation")})
        for name, m in platform.objects().items()
    }


def finished() -> dict[str, str]:
    """When each Application was synced last."""
    return {layer.name: layer.operation()["finishedAt"] for layer in (ROOT_APPLICATION, *LAYERS)}


def test_argo_cd_keeps_the_settings_that_are_not_ours(platform: Platform) -> None:
    kubectl("-n", NAMESPACE, "patch", "configmap", "argocd-cm", "--type=merge", "-p", '{"data":{"e2e.example": "kept"}}')
    ROOT_APPLICATION.refresh()
    platform.wait_healthy()
    data = (get("configmap", "argocd-cm", NAMESPACE) or {})["data"]
    kubectl("-n", NAMESPACE, "patch", "configmap", "argocd-cm", "--type=merge", "-p", '{"data":{"e2e.example": null}}')
    assert data["e2e.example"] == "kept"
    assert data["application.resourceTrackingMethod"] == "annotation"


def test_every_object_of_the_platform_heals_when_it_is_deleted(platform: Platform, figures: Figures) -> None:
    before = {name: manifest["metadata"]["uid"] for name, manifest in platform.objects().items() if name not in KEPT}
    assert len(before) > len(LAYERS)
    with figures.time(f"{len(before)} deleted objects healthy again"):
        for layer in (*LAYERS, ROOT_APPLICATION):
            delete_all_of(layer)
        ROOT_APPLICATION.wait_for("has healed", lambda: healed(platform, before), timeout_seconds=HEAL_SECONDS)
        platform.wait_healthy()


def delete_all_of(layer: Application) -> None:
    for resource in layer.resources():
        if f"{resource['kind']}/{resource['name']}" not in KEPT:
            namespace = ["-n", resource["namespace"]] if resource.get("namespace") else []
            kubectl(*namespace, "delete", full_kind(resource), resource["name"], "--wait=false", "--ignore-not-found")


def healed(platform: Platform, before: dict[str, str]) -> bool:
    """Whether every object is there anew."""
    now = {name: manifest.get("metadata", {}).get("uid", "") for name, manifest in platform.objects().items()}
    return all(now.get(name) not in ("", None, uid) for name, uid in before.items())

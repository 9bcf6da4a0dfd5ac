"""Whether a real API server takes everything that `bootstrap/` makes: server-side dry runs, nothing is stored."""

import pytest
import yaml

from tests.bootstrap.manifests import BOOTSTRAP, ENVIRONMENTS, ROOT, Manifest, documents, kustomize, tenant
from tests.e2e.cluster import get, kubectl, serves


@pytest.fixture(scope="module", autouse=True)
def argo_cd() -> None:
    for crd in ("applications.argoproj.io", "appprojects.argoproj.io", "applicationsets.argoproj.io"):
        if not serves(crd):
            pytest.skip(f"Argo CD is not installed in this cluster: there is no {crd}")


def dry_run(manifests: list[Manifest]) -> None:
    """Takes each object by itself; unknown fields are errors."""
    for manifest in manifests:
        kubectl(
            "apply",
            "--server-side",
            "--force-conflicts",
            "--dry-run=server",
            "--validate=strict",
            "-f",
            "-",
            stdin=yaml.safe_dump(manifest),
        )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_api_server_takes_an_environment(environment: str) -> None:
    dry_run(kustomize(BOOTSTRAP / "environments" / environment))


def test_the_api_server_takes_the_root() -> None:
    dry_run(documents(BOOTSTRAP / "root.yaml"))


def test_the_api_server_takes_the_guardrails() -> None:
    dry_run(kustomize(ROOT / "platform/05-guardrails"))


def test_the_api_server_takes_what_a_team_gets() -> None:
    values = yaml.safe_load((BOOTSTRAP / "tenants/deepagents.yaml.example").read_text())
    if not serves("secretstores.external-secrets.io"):
        values.pop("secretStore")
    made = tenant(values)
    has_namespace = get("namespace", values["namespace"]) is not None
    dry_run([m for m in made if has_namespace or m["metadata"].get("namespace") != values["namespace"]])

"""What the platform makes of a team's file, and which files it refuses."""

import json
import re
from dataclasses import dataclass
from typing import Final

import pytest
import yaml

from tests.bootstrap.manifests import BOOTSTRAP, ROOT, Manifest, document, documents, kustomize, named, tenant, wave
from zerotouch_function.resources.sizes import SIZES

EXAMPLE: Final[Manifest] = yaml.safe_load((BOOTSTRAP / "tenants/deepagents.yaml.example").read_text())
MINIMAL: Final[Manifest] = {
    "namespace": "services-web",
    "contact": "platform@example.com",
    "repository": {"url": "git@github.com:acme/web.git"},
    "guardrails": {"registries": ["ghcr.io/acme/"]},
}


def test_the_namespace_follows_the_standard() -> None:
    namespace = named(tenant({**MINIMAL, "namespace": "intelligence-agents-batch"}), "Namespace")
    labels = namespace["metadata"]["labels"]
    assert (labels["layer"], labels["category"]) == ("intelligence", "agents-batch")
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert namespace["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] == "Prune=confirm,Delete=confirm"


def test_the_namespace_and_the_project_are_there_before_the_application() -> None:
    made = tenant(EXAMPLE)
    assert wave(named(made, "Application")) > max(wave(named(made, kind)) for kind in ("Namespace", "AppProject", "SecretStore"))


def test_a_team_syncs_its_own_repository_into_its_own_namespace() -> None:
    application = named(tenant(EXAMPLE), "Application")
    assert application["metadata"]["name"] == application["spec"]["project"] == "deepagents"
    assert application["spec"]["source"] == {"repoURL": EXAMPLE["repository"]["url"], "targetRevision": "main", "path": "deploy/prod"}
    assert application["spec"]["destination"]["namespace"] == EXAMPLE["namespace"]
    (ignored,) = application["spec"]["ignoreDifferences"]
    assert ignored["kind"] == "ExternalSecret"
    assert all("select(. == " in path for path in ignored["jqPathExpressions"]), "only defaults are ignored"


def test_a_teams_project_has_no_room_for_anything_else() -> None:
    spec = named(tenant(EXAMPLE), "AppProject")["spec"]
    assert spec["clusterResourceWhitelist"] == []
    assert [d["namespace"] for d in spec["destinations"]] == [EXAMPLE["namespace"]]
    assert spec["sourceRepos"] == [EXAMPLE["repository"]["url"]]
    kinds = {f"{k['group']}/{k['kind']}" for k in spec["namespaceResourceWhitelist"]}
    assert kinds == {"platform.bizmatters.io/*", "external-secrets.io/ExternalSecret", "/ConfigMap", "batch/Job"}


def test_the_project_tenants_allows_what_the_chart_makes_and_no_more() -> None:
    project = document(BOOTSTRAP / "projects/tenants.yaml")["spec"]
    allowed = {(k["group"], k["kind"]) for key in ("clusterResourceWhitelist", "namespaceResourceWhitelist") for k in project[key]}
    assert {(m["apiVersion"].rpartition("/")[0] if "/" in m["apiVersion"] else "", m["kind"]) for m in tenant(EXAMPLE)} == allowed


def test_a_secret_store_takes_the_role_or_any_provider() -> None:
    aws = named(tenant(EXAMPLE), "SecretStore")["spec"]["provider"]["aws"]
    assert (aws["region"], aws["auth"]["jwt"]["serviceAccountRef"]["name"]) == ("eu-central-1", "secret-reader")
    assert named(tenant(EXAMPLE), "ServiceAccount")["metadata"]["annotations"] == {
        "eks.amazonaws.com/role-arn": EXAMPLE["secretStore"]["awsRoleArn"]
    }
    fake = {"fake": {"data": [{"key": "k", "value": "v"}]}}
    made = tenant({**MINIMAL, "secretStore": {"provider": fake}})
    assert named(made, "SecretStore")["spec"]["provider"] == fake
    assert "ServiceAccount" not in {m["kind"] for m in made}
    assert "SecretStore" not in {m["kind"] for m in tenant(MINIMAL)}


@dataclass(frozen=True)
class Refused:
    reason: str
    change: Manifest
    want: str
    team: str = "web"


REFUSED: Final = [
    Refused("a namespace without a category", {"namespace": "web"}, "namespace"),
    Refused("a namespace in capitals", {"namespace": "Services-Web"}, "namespace"),
    Refused("a namespace of the cluster", {"namespace": "kube-system"}, "namespace"),
    Refused("a namespace of the platform", {"namespace": "crossplane-system"}, "namespace"),
    Refused("the name of one of the platform's projects", {}, "team", "platform"),
    Refused("the name of another team's Application", {}, "team", "tenant-web"),
    Refused("nobody to ask", {"contact": ""}, "contact"),
    Refused("a registry without its slash", {"guardrails": {"registries": ["ghcr.io/acme"]}}, "guardrails"),
    Refused("no registry", {"guardrails": {"registries": []}}, "guardrails"),
    Refused("a size that does not exist", {"guardrails": {"registries": ["a/"], "largestSize": "huge"}}, "largestSize"),
    Refused("a misspelt field", {"podSecurty": "baseline"}, "podSecurty"),
    Refused("a path out of the repository", {"repository": {"url": "https://x/y", "path": "../x"}}, "path"),
    Refused("two stores", {"secretStore": {"awsRoleArn": "arn:aws:iam::123456789012:role/x", "provider": {"fake": {}}}}, "secretStore"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.reason)
def test_a_wrong_file_is_refused_where_it_is_wrong(case: Refused) -> None:
    with pytest.raises(AssertionError, match=case.want):
        tenant({**MINIMAL, **case.change}, team=case.team)


def test_no_team_takes_the_name_of_an_application_or_project_of_the_platform() -> None:
    files = [
        BOOTSTRAP / "root.yaml",
        *(ROOT / "platform").glob("0*.yaml"),
        *BOOTSTRAP.glob("components/*.yaml"),
        *BOOTSTRAP.glob("projects/*.yaml"),
    ]
    own = {
        m["metadata"]["name"] for path in files for m in documents(path) if m.get("kind") in ("Application", "ApplicationSet", "AppProject")
    }
    schema = json.loads((ROOT / "platform/06-tenants/values.schema.json").read_text())
    taken, of_tenants = schema["properties"]["team"]["not"]["anyOf"]
    assert set(taken["enum"]) == own | {"default"}
    assert named(documents(ROOT / "platform/06-tenants.yaml"), "ApplicationSet")["spec"]["template"]["metadata"]["name"].startswith(
        "tenant-"
    )
    assert of_tenants == {"pattern": "^tenant-"}


def test_the_guardrails_know_the_apis_own_sizes() -> None:
    text = (ROOT / "platform/05-guardrails/claims.yaml").read_text()
    maps = {name: yaml.safe_load(found) for name, found in re.findall(r"name: (largestCpu|largestMemory)\n\s+expression: \"({.*?})", text)}
    assert maps["largestMemory"] == {size: resources.limits.memory for size, resources in SIZES.items()}
    assert {size: f"{cpu}000m" for size, cpu in maps["largestCpu"].items()} == {size: r.limits.cpu for size, r in SIZES.items()}


def test_the_guardrails_judge_what_is_made_and_what_is_changed() -> None:
    policies = [m for m in kustomize(ROOT / "platform/05-guardrails") if m["kind"] == "ValidatingAdmissionPolicy"]
    rules = [rule for policy in policies for rule in policy["spec"]["matchConstraints"]["resourceRules"]]
    assert [rule["operations"] for rule in rules] == [["CREATE", "UPDATE"]] * 2


def test_the_namespace_has_every_number_that_the_guardrails_read() -> None:
    policies = yaml.safe_dump_all(kustomize(ROOT / "platform/05-guardrails"))
    read = set(re.findall(r"guardrails\.platform\.bizmatters\.io/[a-z-]+", policies))
    annotations = named(tenant(MINIMAL), "Namespace")["metadata"]["annotations"]
    assert {key for key in annotations if key.startswith("guardrails.")} == read
    assert annotations["guardrails.platform.bizmatters.io/job-registries"] == "ghcr.io/acme/ docker.io/natsio/"

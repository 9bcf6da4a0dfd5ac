"""What a real API server says to a team's claims and Jobs under the guardrails of a team's file.

The policies are applied under names of this run, so that the platform's own are not touched. Every claim and Job is a server-side dry
run: judged, never stored.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.e2e.cluster import KubectlError, Manifest, apply, get, kubectl, serves, wait_for

ROOT: Final = Path(__file__).parents[2]
HELM: Final = os.environ.get("HELM", "helm")
CLAIM_CRD: Final = "agentexecutors.platform.bizmatters.io"
CODE: Final = {"configMap": "code", "entrypoint": "main.py", "runtimeImage": "python:3.13-slim"}
CONTACT: Final = "#platform on Slack"
TEAM: Final[Manifest] = {
    "contact": CONTACT,
    "repository": {"url": "https://example.com/team.git"},
    "guardrails": {"registries": ["ghcr.io/acme/", "docker.io/library/"], "images": "tag", "largestSize": "medium", "maxReplicas": 5},
}


@dataclass(frozen=True)
class Case:
    """Changes to a good spec, and what the answer has to contain; nothing where it is accepted."""

    reason: str
    spec: Manifest
    want: tuple[str, ...] = ()
    guardrails: Manifest = field(default_factory=dict)


CLAIMS: Final = [
    Case("within every rule", {}),
    Case("Docker Hub by its short name", {"image": "nginx:1.28"}),
    Case("a registry of the list, by digest only", {"image": f"ghcr.io/acme/x@sha256:{'a' * 64}"}),
    Case("the largest size and replicas", {"size": "medium", "scaling": {"maxReplicas": 5}}),
    Case("limits of the largest size", {"size": "small", "resources": {"limits": {"cpu": 2, "memory": "4096Mi"}}}),
    Case("a foreign registry", {"image": "ghcr.io/other/x:1"}, ("spec.image: ghcr.io/other/x:1 is not from", "ghcr.io/acme/", CONTACT)),
    Case("a registry that only begins alike", {"image": "ghcr.io/acme-evil/x:1"}, ("spec.image: ghcr.io/acme-evil/x:1 is not from",)),
    Case("a short name of Docker Hub outside library", {"image": "acme/x:1"}, ("spec.image: docker.io/acme/x:1 is not from",)),
    Case("a host with a port", {"image": "registry:5000/library/x:1"}, ("spec.image: registry:5000/library/x:1 is not from",)),
    Case("no tag", {"image": "ghcr.io/acme/x"}, ("spec.image: ghcr.io/acme/x does not say which version runs", CONTACT)),
    Case("the tag latest", {"image": "ghcr.io/acme/x:latest"}, ("does not say which version runs",)),
    Case("latest with a digest", {"image": f"ghcr.io/acme/x:latest@sha256:{'a' * 64}"}),
    Case("no digest where it is the rule", {}, ("spec.image: ghcr.io/acme/x:1 has no digest", CONTACT), {"images": "digest"}),
    Case("latest where anything goes", {"image": "ghcr.io/acme/x:latest"}, (), {"images": "any"}),
    Case("too large a size", {"size": "large"}, ("spec.size: large is more than medium", CONTACT)),
    Case(
        "limits above the largest size: cpu",
        {"resources": {"limits": {"cpu": "2500m"}}},
        ("spec.resources.limits.cpu: 2500m is more than 2",),
    ),
    Case(
        "limits above the largest size: memory",
        {"resources": {"limits": {"memory": "5Gi"}}},
        ("spec.resources.limits.memory: 5Gi is more than 4Gi", CONTACT),
    ),
    Case("too many replicas", {"scaling": {"maxReplicas": 6}}, ("spec.scaling.maxReplicas: 6 is more than 5", CONTACT)),
    Case("too many replicas by default", {"scaling": {}}, ("spec.scaling.maxReplicas: 10 is more than 5",)),
]

AGENT_CLAIMS: Final = [
    Case("an agent within every rule", {}),
    Case(
        "an agent's foreign image", {"agent": {"image": "ghcr.io/other/x:1"}}, ("spec.agent.image: ghcr.io/other/x:1 is not from", CONTACT)
    ),
    Case("an agent's code in an image of the list", {"agent": {"code": CODE}}),
    Case(
        "an agent's code in a foreign image",
        {"agent": {"code": {**CODE, "runtimeImage": "quay.io/x/python:3"}}},
        ("spec.agent.code.runtimeImage: quay.io/x/python:3 is not from",),
    ),
    Case(
        "an agent without a tag",
        {"agent": {"image": "ghcr.io/acme/x"}},
        ("spec.agent.image: ghcr.io/acme/x does not say",),
    ),
    Case("too large an agent", {"size": "large"}, ("spec.size: large is more than medium", CONTACT)),
    Case("too many agents", {"scaling": {"replicas": 6}}, ("spec.scaling.replicas: 6 is more than 5", CONTACT)),
    Case("too many agents by CPU", {"scaling": {"maxReplicas": 6}}, ("spec.scaling.maxReplicas: 6 is more than 5",)),
    Case(
        "a sidecar above the largest size",
        {"sidecar": {"resources": {"limits": {"cpu": "3"}}}},
        ("spec.sidecar.resources.limits.cpu: 3 is more than 2", CONTACT),
    ),
]

JOBS: Final = [
    Case("a tool of the platform's list", {"containers": [{"name": "nats", "image": "natsio/nats-box:0.19.5"}]}),
    Case("an image of the team", {"containers": [{"name": "a", "image": "ghcr.io/acme/x:1"}]}),
    Case(
        "a foreign image in an init container",
        {"initContainers": [{"name": "b", "image": "quay.io/evil/x:1"}], "containers": [{"name": "a", "image": "ghcr.io/acme/x:1"}]},
        ("spec.template.spec.containers: quay.io/evil/x:1 is not from", CONTACT),
    ),
    Case(
        "another ServiceAccount",
        {"serviceAccountName": "secret-reader", "containers": [{"name": "a", "image": "ghcr.io/acme/x:1"}]},
        ("spec.template.spec.serviceAccountName: a Job of a team has no rights", CONTACT),
    ),
]


@dataclass(frozen=True, slots=True)
class Team:
    """A namespace under guardrails, and how to change the team's numbers."""

    namespace: str
    guard: Callable[[Manifest], None]


@pytest.fixture(scope="module")
def team() -> Iterator[Team]:
    """The policies and a team's numbers on the cluster, as the platform's own manifests make them, under names of this run."""
    if not shutil.which(HELM):
        pytest.skip(f"{HELM} is not on PATH: set HELM to the helm program")
    if not serves(CLAIM_CRD):
        pytest.skip("the platform is not installed in this cluster")
    suffix = secrets.token_hex(3)
    namespace = f"tests-guardrails-{suffix}"

    def guard(guardrails: Manifest) -> None:
        changed = {**TEAM, "namespace": namespace, "guardrails": {**TEAM["guardrails"], **guardrails}}
        apply(*(m for m in tenant(changed) if m["kind"] == "Namespace"))

    policies = list(yaml.safe_load_all(kubectl("kustomize", str(ROOT / "platform/05-guardrails"))))
    try:
        apply(*renamed(policies, suffix))
        guard({})
        refused = {"image": "ghcr.io/other/x:1"}
        wait_for("The policy to refuse", lambda: "may use" in answer_to_claim(namespace, refused))
        yield Team(namespace, guard)
    finally:
        for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
            names = [f"{rules}.guardrails.{suffix}.platform.bizmatters.io" for rules in ("claims", "jobs")]
            kubectl("delete", kind, *names, "--ignore-not-found")
        kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")


def tenant(values: Manifest) -> list[Manifest]:
    """What the platform makes of a team's file."""
    command = [HELM, "template", "team", str(ROOT / "platform/06-tenants"), "--set=team=team,environment=test,awsRegion=x", "--values=-"]
    done = subprocess.run(command, input=yaml.safe_dump(values), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def renamed(manifests: list[Manifest], suffix: str) -> list[Manifest]:
    """The policies and bindings under names of this run, for this run's namespace."""
    text = yaml.safe_dump_all(manifests).replace(".guardrails.platform.", f".guardrails.{suffix}.platform.")
    found = list(yaml.safe_load_all(text))
    for binding in (m for m in found if m["kind"] == "ValidatingAdmissionPolicyBinding"):
        binding["spec"]["matchResources"]["namespaceSelector"]["matchLabels"] = {
            "kubernetes.io/metadata.name": f"tests-guardrails-{suffix}"
        }
    return found


def answer(manifest: Manifest, *flags: str) -> str:
    """What the API server says against it; empty where it accepts."""
    try:
        kubectl("create", "--dry-run=server", *flags, "-f", "-", stdin=yaml.safe_dump(manifest))
    except KubectlError as error:
        return str(error)
    return ""


def claim(namespace: str, changes: Manifest) -> Manifest:
    spec: dict[str, Any] = {
        "image": "ghcr.io/acme/x:1",
        "natsStreamName": "S",
        "natsConsumerGroup": "c",
        "size": "small",
        "scaling": {"maxReplicas": 5},
        **changes,
    }
    return {
        "apiVersion": "platform.bizmatters.io/v1alpha1",
        "kind": "AgentExecutor",
        "metadata": {"name": "x", "namespace": namespace},
        "spec": spec,
    }


def answer_to_agent(namespace: str, changes: Manifest) -> str:
    spec: Manifest = {"agent": {"image": "ghcr.io/acme/x:1"}, "size": "small", **changes}
    return answer({**claim(namespace, {}), "kind": "AgentType", "spec": spec})


def answer_to_claim(namespace: str, changes: Manifest) -> str:
    return answer(claim(namespace, changes))


def answer_to_job(namespace: str, pod: Manifest) -> str:
    template = {"spec": {"restartPolicy": "Never", **pod}}
    metadata = {"name": "x", "namespace": namespace}
    return answer({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template}})


@pytest.mark.parametrize("case", CLAIMS, ids=lambda case: case.reason)
def test_a_claim_is_judged_by_its_teams_numbers(case: Case, team: Team) -> None:
    if case.guardrails:
        team.guard(case.guardrails)
    try:
        if case.guardrails:
            wait_for("The changed numbers to count", lambda: says(answer_to_claim(team.namespace, case.spec), case.want))
        got = answer_to_claim(team.namespace, case.spec)
        assert says(got, case.want), got
    finally:
        if case.guardrails:
            team.guard({})
            wait_for("The old numbers to count", lambda: says(answer_to_claim(team.namespace, {}), ()))


@pytest.mark.parametrize("case", AGENT_CLAIMS, ids=lambda case: case.reason)
def test_an_agent_is_judged_by_its_teams_numbers(case: Case, team: Team) -> None:
    got = answer_to_agent(team.namespace, case.spec)
    assert says(got, case.want), got


@pytest.mark.parametrize("case", JOBS, ids=lambda case: case.reason)
def test_a_job_is_judged_by_its_teams_numbers(case: Case, team: Team) -> None:
    got = answer_to_job(team.namespace, case.spec)
    assert says(got, case.want), got


def test_a_job_of_crossplane_is_not_judged(team: Team) -> None:
    pod = {"restartPolicy": "Never", "serviceAccountName": "x", "containers": [{"name": "run-migrations", "image": "quay.io/any/x:1"}]}
    metadata = {"name": "x", "namespace": team.namespace}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": {"spec": pod}}}
    composers = ("crossplane", "provider-kubernetes")  # the one that has the rights to make Jobs here, by the variant of the platform
    answers = [answer(job, f"--as=system:serviceaccount:crossplane-system:{name}") for name in composers]
    assert "" in answers, answers


def test_a_job_that_exists_gets_no_more_pods_than_a_new_one(team: Team) -> None:
    pod = {"restartPolicy": "Never", "containers": [{"name": "a", "image": "ghcr.io/acme/x:1"}]}
    spec = {"suspend": True, "parallelism": 5, "template": {"spec": pod}}
    apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "grows", "namespace": team.namespace}, "spec": spec})
    try:
        target = ("-n", team.namespace, "patch", "job", "grows", "--type=merge", "--dry-run=server", "-p")
        with pytest.raises(KubectlError, match=r"spec\.parallelism: 6 is more than 5"):
            kubectl(*target, '{"spec":{"parallelism":6}}')
        kubectl(*target, '{"spec":{"parallelism":4}}')
        kubectl(*target, '{"metadata":{"labels":{"a":"b"}}}')
    finally:
        kubectl("-n", team.namespace, "delete", "job", "grows", "--timeout=60s")


def test_a_stricter_rule_leaves_an_earlier_claim_to_be_changed_elsewhere(team: Team) -> None:
    apply(claim(team.namespace, {}))
    try:
        team.guard({"registries": ["ghcr.io/none/"], "maxReplicas": 3})
        wait_for("The stricter numbers to count", lambda: "(ghcr.io/none/)" in answer_to_claim(team.namespace, {}))
        target = ("-n", team.namespace, "patch", "agentexecutor", "x", "--type=merge", "--dry-run=server", "-p")
        kubectl(*target, '{"metadata":{"labels":{"a":"b"}},"spec":{"port":9000}}')
        with pytest.raises(KubectlError, match=r"spec\.scaling\.maxReplicas: 4 is more than 3"):
            kubectl(*target, '{"spec":{"scaling":{"maxReplicas":4}}}')
        kubectl("-n", team.namespace, "delete", "agentexecutor", "x", "--timeout=60s")
    finally:
        team.guard({})


def test_a_claim_elsewhere_is_not_judged(team: Team) -> None:
    assert answer_to_claim("default", {"image": "quay.io/any/x:latest", "size": "large"}) == ""


def test_the_api_server_finds_no_wrong_type_in_the_rules(team: Team) -> None:
    suffix = team.namespace.rpartition("-")[2]

    def checked(rules: str) -> Manifest | None:
        policy = get("validatingadmissionpolicy", f"{rules}.guardrails.{suffix}.platform.bizmatters.io") or {}
        return policy.get("status")

    for rules in ("claims", "jobs"):
        status = wait_for(f"The rules of {rules} to be checked", partial(checked, rules))
        assert not status.get("typeChecking", {}).get("expressionWarnings"), status


def says(got: str, want: tuple[str, ...]) -> bool:
    return all(part in got for part in want) if want else not got

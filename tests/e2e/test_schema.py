"""What a real API server says to a claim, with the schema that a real Crossplane made of our XRD.

Every claim is a server-side dry run: validated and defaulted, never stored.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
import yaml

from tests.accepted_claims import ACCEPTED_CLAIMS
from tests.claim_rows import AcceptedClaim, RefusedClaim, claim
from tests.refused_agents import ACCEPTED_AGENTS, REFUSED_AGENTS
from tests.refused_claims import MISSPELT_CLAIMS, REFUSED_CLAIMS

pytestmark = pytest.mark.core

APIS: Final = Path(__file__).parents[2] / "apis"
XRD_CRD: Final = "compositeresourcedefinitions.apiextensions.crossplane.io"

WAIT_SECONDS: Final = 120
"""How long Crossplane may take to turn the XRD into CRDs."""

EXECUTOR_DEFAULTS: Final[dict[str, object]] = {
    "size": "medium",
    "natsUrl": "nats://nats.nats.svc:4222",
    "postgresConnectionSecret": "postgres-connection",
    "dragonflyConnectionSecret": "dragonfly-connection",
    "llmKeysSecret": "llm-keys",
    "port": 8080,
    "migrations": {"enabled": True, "command": ["/bin/sh", "-c", "scripts/ci/run-migrations.sh"], "mode": "init"},
    "probes": {"enabled": True, "livenessPath": "/health", "readinessPath": "/ready", "startupSeconds": 300},
    "scaling": {"minReplicas": 1, "maxReplicas": 10, "lagThreshold": 5, "cooldownSeconds": 300},
    "security": {"profile": "restricted"},
    "nats": {"account": "$G", "credentialsSecret": "", "caSecret": ""},
    "terminationGracePeriodSeconds": 120,
}
AGENT_DEFAULTS: Final[dict[str, object]] = {
    "agent": {
        "image": "ghcr.io/org/agent:v1.0.0",
        "port": 8080,
        "probes": {"livenessPath": "", "readinessPath": "", "startupSeconds": 300},
    },
    "size": "medium",
    "wrapper": {"mode": "initContainer", "failurePolicy": "Ignore", "python": {"pythonPath": ""}, "node": {"options": ""}},
    "sidecar": {"logLevel": "info"},
    "llm": {
        "defaultModel": "",
        "retry": {"attempts": 2, "initialBackoffMilliseconds": 200, "maxBackoffMilliseconds": 5000},
        "circuitBreaker": {"failures": 5, "windowSeconds": 30, "cooldownSeconds": 30},
        "rateLimit": {"requestsPerMinute": 0, "tokensPerMinute": 0},
    },
    "nats": {"url": "", "credentialsSecret": "", "caSecret": "", "replicas": 1},
    "scaling": {},
    "security": {"profile": "restricted"},
    "network": {"policy": "none"},
    "observability": {"tracing": {"endpoint": "", "samplePercent": 100}},
    "terminationGracePeriodSeconds": 120,
}
DEFAULTS: Final = {"AgentExecutor": EXECUTOR_DEFAULTS, "AgentType": AGENT_DEFAULTS}
"""Everything that a claim of each kind gets without asking."""

Schemas: TypeAlias = Callable[[str], dict[str, Any]]
"""By kind, the schema that Crossplane made for the claim."""


def kubectl(*args: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["kubectl", *args], input=stdin, capture_output=True, text=True, timeout=WAIT_SECONDS + 30, check=False)


def read(*args: str) -> dict[str, Any]:
    """One object; empty if it is not there."""
    answer = kubectl("get", *args, "--output=json", "--ignore-not-found")
    assert answer.returncode == 0, answer.stderr
    parsed: dict[str, Any] = json.loads(answer.stdout or "{}")
    return parsed


def schema(definition: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI schema of an XRD's or CRD's only version."""
    found: dict[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def our_part(whole: dict[str, Any], kind: str) -> dict[str, Any]:
    """What a CRD's schema took over from our XRD below spec; Crossplane adds fields of its own beside it."""
    ours = schema(definition(kind))["properties"]["spec"]
    theirs = whole["properties"]["spec"]
    return {**{key: theirs.get(key) for key in ours}, "properties": {key: theirs["properties"].get(key) for key in ours["properties"]}}


def file_of(kind: str) -> Path:
    return APIS / f"{kind.lower()}s" / "definition.yaml"


def definition(kind: str) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(file_of(kind).read_text())
    return parsed


def dry_run(case: RefusedClaim | AcceptedClaim) -> subprocess.CompletedProcess[str]:
    return kubectl("create", "--dry-run=server", "--namespace=default", "--output=json", "--filename=-", stdin=json.dumps(claim(case)))


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    """The schemas that Crossplane made for claims, once they are the ones in this repository."""
    if "KUBECONFIG" not in os.environ:
        pytest.skip("KUBECONFIG is not set")
    if not read("crd", XRD_CRD):
        pytest.skip("Crossplane is not installed in this cluster")
    return cache(served_schema)


def served_schema(kind: str) -> dict[str, Any]:
    """What the cluster serves. Nothing is applied: the definition there may have another default Composition than the file."""
    crd, name = f"{kind.lower()}s.platform.bizmatters.io", definition(kind)["metadata"]["name"]
    for condition in ("Established", "Offered"):
        waited = kubectl("wait", f"xrd/{name}", f"--for=condition={condition}", f"--timeout={WAIT_SECONDS}s")
        assert waited.returncode == 0, f"{waited.stderr}run `make install`\n{kubectl('events', '--for', f'xrd/{name}').stdout}"
    waited = kubectl("wait", f"crd/{crd}", "--for=condition=Established", f"--timeout={WAIT_SECONDS}s")
    assert waited.returncode == 0, waited.stderr
    want = our_part(schema(definition(kind)), kind)
    deadline = time.monotonic() + WAIT_SECONDS
    while our_part(schema(read("crd", crd)), kind) != want:
        assert time.monotonic() < deadline, f"the CRD {crd} does not follow {file_of(kind)}; run `make install`"
    return schema(read("crd", crd))


def is_crossplane_v1() -> bool:
    return "v2" not in [version["name"] for version in read("crd", XRD_CRD)["spec"]["versions"]]


@pytest.mark.parametrize("case", [*REFUSED_CLAIMS, *REFUSED_AGENTS], ids=lambda case: case.reason)
def test_a_wrong_claim_is_refused_where_it_is_wrong(case: RefusedClaim, schemas: Schemas) -> None:
    keeps_root_rules = "x-kubernetes-validations" in schemas(case.kind)
    if case.root_rule and not keeps_root_rules and is_crossplane_v1():
        pytest.skip("Crossplane 1.x drops rules at the root of an XRD's schema")
    answer = dry_run(case)
    assert answer.returncode != 0, f"accepted: {answer.stdout}"
    assert re.search(rf"(?<![\w.]){re.escape(case.field)}: (Invalid|Required|Duplicate|Unsupported|Too) ?", answer.stderr), answer.stderr
    assert case.message in answer.stderr


@pytest.mark.parametrize("case", MISSPELT_CLAIMS, ids=lambda case: case.reason)
def test_a_misspelt_field_is_refused(case: RefusedClaim, schemas: Schemas) -> None:
    schemas(case.kind)
    answer = dry_run(case)
    assert answer.returncode != 0, f"accepted: {answer.stdout}"
    assert case.message in answer.stderr


@pytest.mark.parametrize("case", [*ACCEPTED_CLAIMS, *ACCEPTED_AGENTS], ids=lambda case: case.reason)
def test_an_odd_claim_is_accepted_and_nothing_in_it_is_lost(case: AcceptedClaim, schemas: Schemas) -> None:
    schemas(case.kind)
    answer = dry_run(case)
    assert answer.returncode == 0, answer.stderr
    assert contains(json.loads(answer.stdout)["spec"], claim(case)["spec"])


def contains(whole: object, part: object) -> bool:
    """True if every value in part is in whole, at the same place."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    return whole == part


@pytest.mark.parametrize("kind", DEFAULTS)
def test_a_minimal_claim_gets_exactly_the_documented_defaults(kind: str, schemas: Schemas) -> None:
    schemas(kind)
    minimal = AcceptedClaim("minimal", {}, kind=kind)
    answer = dry_run(minimal)
    assert answer.returncode == 0, answer.stderr
    ours = schema(definition(kind))["properties"]["spec"]["properties"]
    got = {key: value for key, value in json.loads(answer.stdout)["spec"].items() if key in ours}
    assert got == {**claim(minimal)["spec"], **DEFAULTS[kind]}  # type: ignore[dict-item]  # the spec of a row is a dict


def test_a_default_beside_a_chosen_value_is_kept(schemas: Schemas) -> None:
    schemas("AgentExecutor")
    answer = dry_run(AcceptedClaim("one value of several", {"scaling": {"maxReplicas": 3}, "migrations": {"mode": "job"}}))
    assert answer.returncode == 0, answer.stderr
    got = json.loads(answer.stdout)["spec"]
    assert got["scaling"] == {"minReplicas": 1, "maxReplicas": 3, "lagThreshold": 5, "cooldownSeconds": 300}
    assert got["migrations"] == {"enabled": True, "command": ["/bin/sh", "-c", "scripts/ci/run-migrations.sh"], "mode": "job"}

"""What Argo CD says of each kind that it would otherwise call healthy too early, or not know."""

from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.bootstrap.lua import CHECKS, Manifest, health


@dataclass(frozen=True)
class Case:
    """An object as it is, and what Argo CD is to show."""

    reason: str
    manifest: Manifest
    want: tuple[str, str]


def condition(kind: str, status: str, reason: str = "", message: str = "", generation: int | None = 2) -> Manifest:
    found = {"type": kind, "status": status, "reason": reason, "message": message}
    return found if generation is None else {**found, "observedGeneration": generation}


# Claims


SERVES: Final = {
    "Synced": condition("Synced", "True", "ReconcileSuccess"),
    "Ready": condition("Ready", "True", "Available"),
    "SpecValid": condition("SpecValid", "True", "Valid", "The claim is valid"),
    "WorkloadReady": condition("WorkloadReady", "True", "RolledOut", "All pods run the current spec"),
    "ScalerReady": condition("ScalerReady", "True", "Scaling", "Pods scale on stream S"),
}


EXECUTOR: Final = {"image": "x:1"}
AGENT: Final = {"agent": {"image": "x:1"}}
AGENT_OF_CODE: Final = {"agent": {"code": {"runtimeImage": "x:1"}}}


def claim(*changed: Manifest, image: str | None = "x:1", generation: int = 2, spec: Manifest = EXECUTOR, **metadata: Any) -> Manifest:
    conditions = {**SERVES, **{c["type"]: c for c in changed}}
    status = {"conditions": list(conditions.values()), **({"image": image} if image else {})}
    return {"metadata": {"name": "x", "generation": generation, **metadata}, "spec": spec, "status": status}


BOUND: Final = {**EXECUTOR, "resourceRef": {"kind": "XAgentExecutor", "name": "x-k7x2p"}}


def unknown(*kinds: str) -> list[Manifest]:
    """What Crossplane leaves on the claim when it could not compose it, or write an object."""
    message = "A fatal error occurred before the status of this condition could be determined."
    return [condition(kind, "Unknown", "FatalError", message) for kind in kinds]


NOT_READY: Final = condition("Ready", "False", "Waiting", "Claim is waiting for composite resource to become Ready")

CLAIMS: Final = [
    Case("the present spec serves", claim(), ("Healthy", "All pods run the current spec")),
    Case(
        "scaled to zero",
        claim(condition("WorkloadReady", "True", "ScaledToZero", "No pod runs until messages wait in the stream")),
        ("Healthy", "No pod runs until messages wait in the stream"),
    ),
    Case(
        "an agent's models are not written yet",
        claim(condition("ModelsConfigured", "False", "Waiting", "ConfigMap x-sidecar does not exist yet")),
        ("Progressing", "ConfigMap x-sidecar does not exist yet"),
    ),
    Case("just created", {"metadata": {"generation": 1}, "spec": {"image": "x:1"}}, ("Progressing", "Waiting for Crossplane")),
    Case(
        "created, without conditions",
        {"metadata": {"generation": 1}, "spec": {"image": "x:1"}, "status": {}},
        ("Progressing", "Waiting for Crossplane"),
    ),
    Case("changed, and everything says still ready", claim(generation=3), ("Progressing", "Crossplane has not seen the present spec yet")),
    Case(
        "changed after a failure, which is not the present spec's",
        claim(condition("SpecValid", "False", "SpecInvalid", "Old news"), generation=3),
        ("Progressing", "Crossplane has not seen the present spec yet"),
    ),
    Case(
        "one condition is behind",
        claim(condition("Ready", "True", "Available", generation=1)),
        ("Progressing", "Crossplane has not seen the present spec yet"),
    ),
    Case(
        "marked with the new generation before it is composed", claim(image="x:0"), ("Progressing", "The present image is not composed yet")
    ),
    Case("an agent whose present spec serves", claim(spec=AGENT), ("Healthy", "All pods run the current spec")),
    Case("an agent of code whose present spec serves", claim(spec=AGENT_OF_CODE), ("Healthy", "All pods run the current spec")),
    Case("an agent that is not composed yet", claim(spec=AGENT, image="x:0"), ("Progressing", "The present image is not composed yet")),
    Case(
        "an agent of code that is not composed yet",
        claim(spec=AGENT_OF_CODE, image="x:0"),
        ("Progressing", "The present image is not composed yet"),
    ),
    Case(
        "refused by the platform",
        claim(condition("SpecValid", "False", "SpecInvalid", "spec.env: FOO twice; remove one"), NOT_READY),
        ("Degraded", "spec.env: FOO twice; remove one"),
    ),
    Case(
        "refused, while the earlier spec goes on",
        claim(condition("SpecValid", "False", "SpecInvalid", "spec.env: FOO twice; remove one")),
        ("Degraded", "spec.env: FOO twice; remove one"),
    ),
    *(
        Case(reason, claim(condition("WorkloadReady", "False", reason, "Do this"), NOT_READY), ("Degraded", "Do this"))
        for reason in ("RolloutFailed", "PodsRefused", "MigrationFailed")
    ),
    *(
        Case(reason, claim(condition("WorkloadReady", "False", reason, "Wait for it"), NOT_READY), ("Progressing", "Wait for it"))
        for reason in ("Creating", "Migrating", "MigrationFailing", "RollingOut", "PodsNotReady", "CannotWrite")
    ),
    Case(
        "KEDA cannot read the queue",
        claim(condition("ScalerReady", "False", "CannotScale", "KEDA cannot read stream S"), NOT_READY),
        ("Progressing", "KEDA cannot read stream S"),
    ),
    Case("our conditions are good and Crossplane waits", claim(NOT_READY), ("Progressing", NOT_READY["message"])),
    Case(
        "Crossplane cannot bind it",
        claim(condition("Synced", "False", "ReconcileError", "cannot bind")),
        ("Progressing", "cannot bind"),
    ),
    Case(
        "Crossplane cannot write its objects, and Synced and Ready of the claim stay True",
        claim(*unknown("SpecValid", "WorkloadReady", "ScalerReady"), spec=BOUND),
        ("Progressing", "Crossplane cannot write its objects; kubectl describe XAgentExecutor x-k7x2p says why"),
    ),
    Case(
        "the same of a composite resource, which says it itself",
        claim(condition("Synced", "False", "ReconcileError", "deployments is forbidden"), *unknown("SpecValid", "WorkloadReady")),
        ("Progressing", "deployments is forbidden"),
    ),
    Case(
        "refused where the claim says too little to look at its workload",
        claim(
            condition("SpecValid", "False", "Invalid", "spec.port: is no number"),
            condition("WorkloadReady", "Unknown", "SpecInvalid", "The claim is not valid"),
            spec=BOUND,
        ),
        ("Degraded", "spec.port: is no number"),
    ),
    Case(
        "Crossplane v1.20, which marks no generation",
        {**claim(), "status": {"image": "x:1", "conditions": [{**c, "observedGeneration": None} for c in SERVES.values()]}},
        ("Healthy", "All pods run the current spec"),
    ),
    Case("being deleted", claim(deletionTimestamp="2026-01-01T00:00:00Z"), ("Progressing", "Being deleted")),
    Case(
        "paused",
        claim(annotations={"crossplane.io/paused": "true"}),
        ("Suspended", "Paused by the annotation crossplane.io/paused"),
    ),
]


@pytest.mark.parametrize("case", CLAIMS, ids=lambda case: case.reason)
def test_a_claim_is_healthy_only_when_its_present_spec_serves(case: Case) -> None:
    assert health("claim", case.manifest) == case.want


@pytest.mark.parametrize("missing", SERVES)
def test_a_claim_without_crossplanes_conditions_is_not_healthy(missing: str) -> None:
    without = claim()
    without["status"]["conditions"] = [c for c in without["status"]["conditions"] if c["type"] != missing]
    assert (health("claim", without)[0] == "Healthy") == (missing not in ("Synced", "Ready"))


# Applications


SOURCE: Final = {"repoURL": "https://example.com/x.git", "targetRevision": "main", "path": "platform/04-apis"}
OLD_SOURCE: Final = {**SOURCE, "targetRevision": "v1"}


def application(
    *,
    sync: str = "Synced",
    own: str = "Healthy",
    phase: str = "Succeeded",
    compared: Manifest = SOURCE,
    synced: Manifest = SOURCE,
    **status: Any,
) -> Manifest:
    found = {
        "sync": {"status": sync, "comparedTo": {"source": compared}},
        "health": {"status": own},
        "operationState": {"phase": phase, "message": f"the sync: {phase}", "syncResult": {"source": synced}},
        **status,
    }
    return {"metadata": {"name": "x"}, "spec": {"source": SOURCE}, "status": {key: value for key, value in found.items() if value}}


WAITS: Final = ("Progressing", "Waiting for the first sync of this spec")

APPLICATIONS: Final = [
    Case("synced and healthy", application(), ("Healthy", "")),
    Case("just created", {"metadata": {}, "spec": {"source": SOURCE}}, WAITS),
    Case(
        "compared, and not synced yet, with nothing in the cluster",
        application(sync="OutOfSync", own="Missing", operationState=None),
        WAITS,
    ),
    Case("compared, and not synced yet, with kinds that have no health", application(sync="OutOfSync", operationState=None), WAITS),
    Case("everything was there already", application(operationState=None), ("Healthy", "")),
    Case("syncing", application(sync="OutOfSync", phase="Running"), ("Progressing", "the sync: Running")),
    Case("the spec has changed since the last comparison", application(compared=OLD_SOURCE, synced=OLD_SOURCE), WAITS),
    Case(
        "the spec has changed since the last sync",
        application(sync="OutOfSync", synced=OLD_SOURCE),
        WAITS,
    ),
    Case("applied, and another program keeps changing a field", application(sync="OutOfSync"), ("Healthy", "")),
    Case("applied, and its objects are starting", application(own="Progressing"), ("Progressing", "")),
    Case("applied, and one of its objects is broken", application(own="Degraded"), ("Degraded", "")),
    Case("the sync failed for good", application(sync="OutOfSync", phase="Failed"), ("Degraded", "the sync: Failed")),
    Case("the sync of an earlier spec failed", application(sync="OutOfSync", phase="Failed", synced=OLD_SOURCE), WAITS),
    Case("a failed sync, mended by hand", application(phase="Failed"), ("Healthy", "")),
    Case(
        "the repository cannot be read",
        application(own="Unknown", conditions=[{"type": "ComparisonError", "message": "repository not found"}]),
        ("Progressing", "repository not found"),
    ),
    Case(
        "several sources",
        {
            "metadata": {},
            "spec": {"sources": [SOURCE, OLD_SOURCE]},
            "status": {"sync": {"status": "Synced", "comparedTo": {"sources": [SOURCE, OLD_SOURCE]}}, "health": {"status": "Healthy"}},
        },
        ("Healthy", ""),
    ),
    Case(
        "one of several sources has changed",
        {
            "metadata": {},
            "spec": {"sources": [SOURCE, SOURCE]},
            "status": {"sync": {"status": "Synced", "comparedTo": {"sources": [SOURCE, OLD_SOURCE]}}, "health": {"status": "Healthy"}},
        },
        WAITS,
    ),
    Case("being deleted", {**application(), "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, ("Progressing", "Being deleted")),
]


@pytest.mark.parametrize("case", APPLICATIONS, ids=lambda case: case.reason)
def test_an_application_is_healthy_only_when_its_present_spec_is_applied(case: Case) -> None:
    assert health("application", case.manifest) == case.want


# Crossplane's own kinds


def package(*conditions: Manifest, current: str | None = "x:2") -> Manifest:
    return {"metadata": {}, "spec": {"package": "x:2"}, "status": {"currentIdentifier": current, "conditions": list(conditions)}}


INSTALLED, RUNS = condition("Installed", "True"), condition("Healthy", "True")

PACKAGES: Final = [
    Case("runs", package(INSTALLED, RUNS), ("Healthy", "x:2 is running")),
    Case("just created", {"metadata": {}, "spec": {"package": "x:2"}}, ("Progressing", "x:2 is not unpacked yet")),
    Case("the package before it runs", package(INSTALLED, RUNS, current="x:1"), ("Progressing", "x:2 is not unpacked yet")),
    Case(
        "cannot be pulled",
        package(condition("Installed", "False", "UnpackingPackage", "cannot unpack"), RUNS),
        ("Progressing", "cannot unpack"),
    ),
    Case("its pods are starting", package(INSTALLED, condition("Healthy", "False", message="no pods")), ("Progressing", "no pods")),
    Case("nothing said of its pods", package(INSTALLED), ("Progressing", "Waiting for the condition Healthy")),
]


@pytest.mark.parametrize("case", PACKAGES, ids=lambda case: case.reason)
def test_a_package_is_healthy_only_when_the_named_one_runs(case: Case) -> None:
    assert health("package", case.manifest) == case.want


def definition(*conditions: Manifest, claims: bool = True) -> Manifest:
    return {"metadata": {}, "spec": {"claimNames": {"kind": "A"}} if claims else {}, "status": {"conditions": list(conditions)}}


ESTABLISHED, OFFERED = condition("Established", "True"), condition("Offered", "True")

DEFINITIONS: Final = [
    Case("both kinds are served", definition(ESTABLISHED, OFFERED), ("Healthy", "The API is served")),
    Case("the claim is not served yet", definition(ESTABLISHED), ("Progressing", "Waiting for the condition Offered")),
    Case("without claims", definition(ESTABLISHED, claims=False), ("Healthy", "The API is served")),
    Case(
        "neither is served",
        definition(condition("Established", "False", message="waiting for CRD"), OFFERED),
        ("Progressing", "waiting for CRD"),
    ),
    Case("just created", {"metadata": {}, "spec": {}}, ("Progressing", "Waiting for the condition Established")),
]


@pytest.mark.parametrize("case", DEFINITIONS, ids=lambda case: case.reason)
def test_a_definition_is_healthy_only_when_its_kinds_are_served(case: Case) -> None:
    assert health("definition", case.manifest) == case.want


def test_a_check_has_no_string_library_as_in_argo_cd(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "x.lua").write_text('return { status = ("a"):upper(), message = "" }')
    monkeypatch.setattr("tests.bootstrap.lua.CHECKS", tmp_path)
    with pytest.raises(Exception, match="index"):
        health("x", {})


def test_every_check_is_tested() -> None:
    assert {path.stem for path in CHECKS.glob("*.lua")} == {"application", "claim", "definition", "package"}

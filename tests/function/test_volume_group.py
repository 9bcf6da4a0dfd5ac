"""Whom a pod's volumes are given to: nobody, unless the claim names a group."""

from typing import Any

import pytest

from tests.composites import agent, composite
from tests.refused_agents import MODEL, PROVIDER
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.registry import compose

EACH_KIND = pytest.mark.parametrize(
    ("make", "rest"),
    [(composite, {}), (composite, {"migrations": {"mode": "job"}}), (agent, {"llm": {"providers": [PROVIDER], "models": [MODEL]}})],
    ids=["executor", "migrations", "agent"],
)


def pod(make: Any, spec: Manifest) -> Manifest:
    """The pod of the claim's first workload: its Deployment, or the Job that goes before it."""
    made = compose(make(spec), NOTHING, {}).resources.values()
    (found,) = (resource.manifest for resource in made if resource.manifest["kind"] in ("Deployment", "Job"))
    template: Manifest = found["spec"]["template"]["spec"]
    return template


@EACH_KIND
def test_volumes_of_a_claim_that_names_no_group_stay_as_they_are(make: Any, rest: Manifest) -> None:
    seccomp = {"seccompProfile": {"type": "RuntimeDefault"}}
    assert pod(make, rest)["securityContext"] == {"runAsNonRoot": True, **seccomp}
    assert pod(make, {**rest, "security": {"profile": "baseline"}})["securityContext"] == seccomp


@EACH_KIND
@pytest.mark.parametrize("profile", ["restricted", "baseline"])
def test_volumes_are_given_to_the_group_of_the_claim_once(make: Any, rest: Manifest, profile: str) -> None:
    """Once: `Always`, Kubernetes' default, walks through all files of a volume at each start of a pod."""
    plain = pod(make, {**rest, "security": {"profile": profile}})
    given = pod(make, {**rest, "security": {"profile": profile, "fsGroup": 10001}})
    group = {"fsGroup": 10001, "fsGroupChangePolicy": "OnRootMismatch"}
    assert given == {**plain, "securityContext": {**plain["securityContext"], **group}}


def test_a_release_with_a_group_migrates_with_it() -> None:
    """Migrations may write to the same volume."""
    spec: Manifest = {"migrations": {"mode": "job"}, "security": {"fsGroup": 10001}}
    ((key, job),) = ((k, r.manifest) for k, r in compose(composite(spec), NOTHING, {}).resources.items() if r.manifest["kind"] == "Job")
    done = {key: {**job, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}}
    deployment = compose(composite(spec), Snapshot(done), {}).resources["deployment"].manifest
    assert deployment["spec"]["template"]["spec"]["securityContext"] == job["spec"]["template"]["spec"]["securityContext"]

"""No two releases migrate at once, and none waits for ever for one that cannot end."""

import random
from typing import Any

import pytest
from crossplane.function.proto.v1 import run_function_pb2 as v1
from google.protobuf.json_format import MessageToDict

from tests.composites import composite, deployed, wrapped
from tests.function.migrating import NEVER_STARTS, Cluster
from tests.fuzz.requests import message
from zerotouch.schema.manifests import check_manifest
from zerotouch_function.composition import Composition, Status
from zerotouch_function.manifest import Manifest
from zerotouch_function.modes import wrap
from zerotouch_function.observed import Snapshot
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.request import KEYS, RequestState
from zerotouch_function.protocol.runner import Runner
from zerotouch_function.registry import compose, refuse

EACH_MODE = pytest.mark.parametrize("mode", ["direct", "objects"])

OF_THE_SERVER = {
    "controller-uid": "8d3c",
    "batch.kubernetes.io/controller-uid": "8d3c",
    "job-name": "x",
    "batch.kubernetes.io/job-name": "x",
}
RUNS: Manifest = {"active": 1, "ready": 1}
WAITS: Manifest = {"active": 1, "ready": 0}
SUSPENDED: Manifest = {"conditions": [{"type": "Suspended", "status": "True"}], "active": 0, "ready": 0, "terminating": 0}


def claim(image: str, **spec: Any) -> Manifest:
    return composite({"migrations": {"mode": "job"}, "podAnnotations": {"note": "b"}, "image": image, **spec})


def answer(xr: Manifest, observed: Manifest, mode: str = "direct") -> tuple[Composition, dict[str, Manifest]]:
    """The answer, and the Kubernetes objects in it, whichever mode they are sent in."""
    if mode == "objects":
        observed = {key: wrapped(wrap(manifest, key, "x", "p"), manifest) for key, manifest in observed.items()}
    composition = compose(xr, Snapshot(observed), {"mode": mode})
    sent = {key: resource.manifest for key, resource in composition.resources.items()}
    return composition, {key: m["spec"]["forProvider"]["manifest"] for key, m in sent.items()} if mode == "objects" else sent


def jobs(sent: dict[str, Manifest]) -> dict[str, Manifest]:
    return {key: manifest for key, manifest in sent.items() if manifest["kind"] == "Job"}


def sent_for(image: str) -> tuple[str, Manifest]:
    ((key, job),) = jobs(answer(claim(image), {})[1]).items()
    return key, job


def as_observed(job: Manifest, status: Manifest, **spec: Any) -> Manifest:
    """A Job as the API server has it: with what belongs to it, and with defaults."""
    template = job["spec"]["template"]
    labels = {**template["metadata"]["labels"], **OF_THE_SERVER}
    return {
        **job,
        "metadata": {
            **job["metadata"],
            "labels": {**job["metadata"]["labels"], "crossplane.io/composite": "x"},
            "uid": "8d3c",
            "resourceVersion": "7",
            "generation": 1,
            "managedFields": [{"manager": "crossplane"}],
            "ownerReferences": [{"kind": "XAgentExecutor"}],
        },
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "completionMode": "NonIndexed",
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "8d3c"}},
            **job["spec"],
            "template": {
                "metadata": {"creationTimestamp": None, **template["metadata"], "labels": labels},
                "spec": {**template["spec"], "dnsPolicy": "ClusterFirst"},
            },
            **spec,
        },
        "status": status,
    }


@EACH_MODE
def test_a_migration_that_runs_is_sent_again_as_it_is_and_the_next_one_waits_for_it(mode: str) -> None:
    key, job = sent_for("app:v1")
    running = deployed(answer(composite({"image": "app:v0"}), {})[1]["deployment"])
    composition, sent = answer(claim("app:v2"), {key: as_observed(job, RUNS), "deployment": running}, mode)
    template = {**job["spec"]["template"], "spec": {**job["spec"]["template"]["spec"], "dnsPolicy": "ClusterFirst"}}
    assert jobs(sent) == {key: {**job, "spec": {"backoffLimit": 3, "podReplacementPolicy": "Failed", "template": template}}}
    assert sent["deployment"]["spec"]["template"] == running["spec"]["template"]
    assert not any(composition.resources[name].is_ready for name in (key, "deployment"))
    _, told, _ = composition.conditions
    name = job["metadata"]["name"]
    assert (told.status, told.reason) == (Status.FALSE, "Migrating")
    assert told.message == (
        f"Migrations of image app:v2 start when Job {name}, which migrates for another release, has ended. See it with: "
        f"""kubectl -n ns logs job/{name}; stop it with: kubectl -n ns patch job {name} -p '{{"spec":{{"suspend":true}}}}'"""
    )


@EACH_MODE
def test_pods_that_go_on_meanwhile_are_scaled_on_the_queue_that_they_read(mode: str) -> None:
    _, before = answer(composite({"natsUrl": "nats://old.nats:4222", "nats": {"monitoringEndpoint": "https://old.nats:8222"}}), {})
    running = {"deployment": deployed(before["deployment"]), "scaled-object": before["scaled-object"]}
    moved = claim("app:v2", natsStreamName="NEW", natsConsumerGroup="new", scaling={"lagThreshold": 7, "maxReplicas": 70})
    ((key, job),) = jobs(answer(moved, running, mode)[1]).items()
    composition, held = answer(moved, {**running, key: as_observed(job, RUNS)}, mode)
    queue = trigger(before["scaled-object"])
    assert trigger(held["scaled-object"]) == {**queue, "lagThreshold": "7"}
    assert held["scaled-object"]["spec"]["maxReplicaCount"] == 70
    arrived = {**held["scaled-object"], "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    composition, _ = answer(moved, {**running, key: as_observed(job, RUNS), "scaled-object": arrived}, mode)
    assert (
        composition.conditions[2].message
        == f"Pods scale on stream {queue['stream']}, consumer {queue['consumer']} at https://old.nats:8222"
    )
    done = as_observed(job, {"conditions": [{"type": "Complete", "status": "True"}]})
    after = answer(moved, {**running, key: done}, mode)[1]["scaled-object"]
    assert (trigger(after)["stream"], trigger(after)["consumer"]) == ("NEW", "new")
    assert "useHttps" not in trigger(after)


@pytest.mark.parametrize("damage", [{"stream": None}, {"consumer": 7}, {"natsServerMonitoringEndpoint": ""}, {"account": None}])
def test_a_queue_that_somebody_damaged_is_not_kept(damage: Manifest) -> None:
    _, held = answer(claim("app:v2", natsStreamName="NEW"), with_trigger(damage))
    assert trigger(held["scaled-object"])["stream"] == "NEW"


def test_beside_the_queue_nothing_is_kept_that_somebody_wrote() -> None:
    _, held = answer(claim("app:v2", natsStreamName="NEW"), with_trigger({"activationLagThreshold": "9", "lagThreshold": "1"}))
    assert trigger(held["scaled-object"]) == trigger(with_trigger({})["scaled-object"])


def with_trigger(edit: Manifest) -> Manifest:
    """A claim's running objects, whose trigger somebody has edited."""
    _, before = answer(composite({}), {})
    scaled = before["scaled-object"]
    spec = {**scaled["spec"], "triggers": [{"type": "nats-jetstream", "metadata": {**trigger(scaled), **edit}}]}
    return {"deployment": deployed(before["deployment"]), "scaled-object": {**scaled, "spec": spec}}


def trigger(scaled_object: Manifest) -> Manifest:
    return dict(scaled_object["spec"]["triggers"][0]["metadata"])


@EACH_MODE
def test_a_first_release_that_is_replaced_while_it_migrates_starts_no_pods(mode: str) -> None:
    key, job = sent_for("app:v1")
    _, sent = answer(claim("app:v2"), {key: as_observed(job, RUNS)}, mode)
    assert jobs(sent).keys() == {key}
    assert "deployment" not in sent


@EACH_MODE
@pytest.mark.parametrize("outcome", ["Complete", "Failed"])
def test_the_next_migration_starts_when_the_earlier_one_has_ended(outcome: str, mode: str) -> None:
    key, job = sent_for("app:v1")
    ended = as_observed(job, {"conditions": [{"type": outcome, "status": "True"}]})
    assert jobs(answer(claim("app:v2"), {key: ended}, mode)[1]) == dict([sent_for("app:v2")])


@EACH_MODE
@pytest.mark.parametrize("status", [{}, WAITS, {"active": 0, "ready": 0, "failed": 1}], ids=["new", "cannot start", "tried again"])
def test_a_migration_that_does_not_run_is_suspended_so_that_the_next_one_comes(status: Manifest, mode: str) -> None:
    key, job = sent_for("app:typo")
    found = jobs(answer(claim("app:v2"), {key: as_observed(job, status)}, mode)[1])
    assert found.keys() == {key}
    assert found[key]["spec"]["suspend"] is True
    assert found[key]["metadata"]["annotations"] == {"platform.bizmatters.io/stopped": "true"}


@EACH_MODE
def test_a_suspended_migration_has_ended_when_its_last_pod_has(mode: str) -> None:
    key, job = sent_for("app:v1")
    for status in (RUNS, WAITS, {**SUSPENDED, "terminating": 1}, {**SUSPENDED, "active": 1}, {**SUSPENDED, "conditions": []}):
        found = jobs(answer(claim("app:v2"), {key: as_observed(job, status, suspend=True)}, mode)[1])
        assert found.keys() == {key}
        assert found[key]["spec"]["suspend"] is True, "it would be resumed"
    resumed = jobs(answer(claim("app:v2"), {key: as_observed(job, SUSPENDED, suspend=False)}, mode)[1])
    assert resumed.keys() == {key}, "its pod may come at any moment"
    found = jobs(answer(claim("app:v2"), {key: as_observed(job, SUSPENDED, suspend=True)}, mode)[1])
    assert found == dict([sent_for("app:v2")])


@EACH_MODE
def test_a_migration_that_was_suspended_for_another_release_is_resumed_for_its_own(mode: str) -> None:
    key, job = sent_for("app:v1")
    stopped = jobs(answer(claim("app:v2"), {key: as_observed(job, WAITS)}, mode)[1])[key]
    ending = as_observed(stopped, {**SUSPENDED, "terminating": 1})
    assert jobs(answer(claim("app:v1"), {key: ending}, mode)[1])[key]["spec"]["suspend"] is True, "two pods of it at once"
    assert jobs(answer(claim("app:v1"), {key: as_observed(stopped, SUSPENDED)}, mode)[1])[key]["spec"]["suspend"] is False
    resumed = as_observed(stopped, RUNS, suspend=False)
    assert jobs(answer(claim("app:v1"), {key: resumed}, mode)[1])[key]["spec"]["suspend"] is False


@EACH_MODE
def test_a_migration_that_a_person_suspended_stays_suspended(mode: str) -> None:
    key, job = sent_for("app:v1")
    assert jobs(answer(claim("app:v1"), {key: as_observed(job, SUSPENDED, suspend=True)}, mode)[1]) == {key: job}


@EACH_MODE
def test_going_back_to_the_release_that_runs_waits_too(mode: str) -> None:
    """Its own Job was removed for the other release's, and begins anew."""
    _, job = sent_for("app:v1")
    complete = as_observed(job, {"conditions": [{"type": "Complete", "status": "True"}]})
    running = deployed(answer(claim("app:v1"), {sent_for("app:v1")[0]: complete}, mode)[1]["deployment"])
    key, other = sent_for("app:v2")
    composition, sent = answer(claim("app:v1"), {key: as_observed(other, RUNS), "deployment": running}, mode)
    assert jobs(sent).keys() == {key}
    assert sent["deployment"]["spec"]["template"] == running["spec"]["template"]
    assert composition.conditions[1].reason == "Migrating"


def test_two_migrations_that_are_there_both_stay() -> None:
    observed = {key: as_observed(job, RUNS) for key, job in (sent_for("app:v1"), sent_for("app:v2"))}
    assert jobs(answer(claim("app:v2"), observed)[1]).keys() == observed.keys()


def test_a_migration_that_was_deleted_is_not_sent_again() -> None:
    assert jobs(answer(claim("app:v2"), {})[1]).keys() == {sent_for("app:v2")[0]}


def test_another_label_of_the_claim_is_another_release() -> None:
    """Pods have the claim's labels, those of a Job too."""
    spec = {"migrations": {"mode": "job"}}
    labelled = [composite(spec, labels=labels) for labels in ({}, {"team": "a"}, {"team": "b"})]
    assert len({key for xr in labelled for key in jobs(answer(xr, {})[1])}) == len(labelled)


@pytest.mark.parametrize("where", ["podLabels", "metadata"])
def test_a_migration_has_no_label_that_the_api_server_gives_it(where: str) -> None:
    """It would refuse the Job."""
    xr = claim("a", podLabels=OF_THE_SERVER) if where == "podLabels" else {**claim("a"), "metadata": {"name": "x", "labels": OF_THE_SERVER}}
    (job,) = jobs(answer(xr, {})[1]).values()
    assert not job["spec"]["template"]["metadata"]["labels"].keys() & OF_THE_SERVER.keys()


def test_objects_of_another_step_are_no_migrations() -> None:
    note = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    observed = {"migration-notes": note, "migration-0123456789": note}
    assert jobs(answer(claim("app:v2"), observed)[1]).keys() == {sent_for("app:v2")[0]}
    found = compose(claim("app:v2"), Snapshot({"migration-notes": note}), {"mode": "objects"}).resources
    assert {key for key in found if key.startswith("migration-")} == {sent_for("app:v2")[0]}


def test_an_object_whose_job_nobody_has_seen_may_have_one_unless_it_cannot_be_written() -> None:
    key, job = sent_for("app:v1")
    unseen = wrap(job, key, "x", "p")
    refused = {**unseen, "status": {"conditions": [{"type": "Synced", "status": "False", "message": "jobs.batch is forbidden"}]}}
    for observed, waits in ((unseen, True), (refused, False)):
        found = compose(claim("app:v2"), Snapshot({key: observed}), {"mode": "objects"}).resources
        assert (key in found, sent_for("app:v2")[0] in found) == (waits, not waits)


@EACH_MODE
def test_a_migration_that_is_removed_takes_its_pods_along(mode: str) -> None:
    cluster = Cluster(mode)
    for step in ("reconcile", "control", "start"):
        taken(cluster, step, random.Random(0))
    cluster.migrations = {"enabled": False}
    cluster.reconciled()
    assert [(pod.state, pod.is_terminating) for pod in cluster.pods] == [("running", True)]


@pytest.mark.parametrize(("migrations", "reads"), [({}, False), ({"mode": "job", "enabled": False}, False), ({"mode": "job"}, True)])
def test_only_claims_that_migrate_in_a_job_look_for_other_jobs(migrations: Manifest, reads: bool) -> None:
    state = RequestState(wire.parse(message(composite({"migrations": migrations}))))
    compose(state.composite(), state, {})
    assert (KEYS in state.trace.others) is reads


@EACH_MODE
def test_what_is_sent_again_over_the_wire_is_a_job_without_what_the_api_server_added(mode: str) -> None:
    key, job = sent_for("app:v1")
    found = as_observed(job, RUNS)
    observed = found if mode == "direct" else wrapped(wrap(job, key, "x", "p"), found)
    data = message(claim("app:v2"), observed={key: observed}, function_input={"mode": mode})
    response = v1.RunFunctionResponse.FromString(Runner(compose, refuse).run(data))
    sent: Any = MessageToDict(response.desired.resources[key].resource)
    sent = sent if mode == "direct" else sent["spec"]["forProvider"]["manifest"]
    assert sent["metadata"] == job["metadata"]
    assert sent["spec"].keys() == {"backoffLimit", "podReplacementPolicy", "template"}
    assert sent["spec"]["template"]["metadata"] == job["spec"]["template"]["metadata"]
    assert [str(problem) for problem in check_manifest(sent)] == []


@EACH_MODE
def test_pods_that_go_on_are_sent_again_over_the_wire_as_they_are(mode: str) -> None:
    running = deployed(answer(composite({"image": "app:v0"}), {})[1]["deployment"], replicas=7)
    observed = running if mode == "direct" else wrapped(wrap(running, "deployment", "x", "p"), running)
    data = message(claim("app:v1"), observed={"deployment": observed}, function_input={"mode": mode})
    response = v1.RunFunctionResponse.FromString(Runner(compose, refuse).run(data))
    sent: Any = MessageToDict(response.desired.resources["deployment"].resource)
    want = answer(claim("app:v1"), {"deployment": running}, mode)[1]["deployment"]
    assert (sent if mode == "direct" else sent["spec"]["forProvider"]["manifest"]) == want


STEPS = {"release": 1, "reconcile": 4, "control": 4, "start": 3, "succeed": 1, "fail": 1, "end": 1}
"""What happens in a cluster, and how often in a while."""


def taken(cluster: Cluster, step: str, dice: random.Random) -> None:
    """One step, of one of the pods that can take it."""
    pods = [pod for pod in cluster.pods if not pod.is_over]
    running = [pod for pod in pods if pod.state == "running"]
    if step == "release":
        cluster.image = dice.choice(["app:v1", "app:v2", NEVER_STARTS])
    elif step == "reconcile":
        cluster.reconciled()
    elif step == "control":
        cluster.controlled()
    elif step == "start" and (waiting := [pod for pod in pods if pod.state == "pending" and pod.image != NEVER_STARTS]):
        dice.choice(waiting).state = "running"
    elif step == "end" and (ending := [pod for pod in pods if pod.is_terminating]):
        dice.choice(ending).state = "gone"
    elif step in ("succeed", "fail") and running:
        dice.choice(running).state = {"succeed": "succeeded", "fail": "failed"}[step]
    assert sum(pod.state == "running" for pod in cluster.pods) <= 1, "two migrations run at once"


@EACH_MODE
def test_no_two_migrations_run_at_once_and_the_last_release_arrives(mode: str) -> None:
    for seed in range(100):
        dice, cluster = random.Random(seed), Cluster(mode)
        for step in dice.choices(list(STEPS), list(STEPS.values()), k=100):
            taken(cluster, step, dice)
        cluster.image = dice.choice(["app:v1", "app:v2", "app:v3"])
        for _ in range(8):
            for step in ("reconcile", "control", "start", "succeed", "end"):
                taken(cluster, step, dice)
        assert cluster.deployed_image == cluster.image, f"it waits for ever, after the steps of seed {seed}"
        assert len(cluster.jobs) == 1

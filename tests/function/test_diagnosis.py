"""Why pods do not start, in the words of the claim."""

from typing import Any

import pytest

from tests.composites import agent, composite, created, deployed
from zerotouch_function.composition import Selector
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.registry import compose

READS_PODS: Manifest = {"diagnostics": {"pods": True}}
IMAGE = "ghcr.io/org/service:v1.0.0"


def waiting(reason: str, message: str = "", **more: Any) -> Manifest:
    return {"name": "agent-executor", "image": IMAGE, "state": {"waiting": {"reason": reason, "message": message}}, **more}


SCHEDULED: Manifest = {"type": "PodScheduled", "status": "True"}


def pod(container: Manifest | None = None, image: str = IMAGE, name: str = "my-service-7c9", **status: Any) -> Manifest:
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "agent-executor", "image": image}]},
        "status": {"conditions": [SCHEDULED], **({"containerStatuses": [container]} if container else {}), **status},
    }


NO_SUCH_FILE = 'failed to create containerd task: exec: "/app/run": no such file or directory'
START_ERROR: Manifest = {"exitCode": 128, "reason": "StartError", "message": NO_SUCH_FILE}

CASES = [
    (
        pod(waiting("CreateContainerConfigError", 'secret "postgres-connection" not found')),
        'Pod my-service-7c9 cannot start: secret "postgres-connection" not found. Create it in namespace ns, '
        'or set spec.postgresConnectionSecret to ""',
    ),
    (
        pod(waiting("CreateContainerConfigError", 'secret "search" not found')),
        'Pod my-service-7c9 cannot start: secret "search" not found. Create it in namespace ns',
    ),
    (
        pod(waiting("CreateContainerConfigError", "couldn't find key POSTGRES_DB in Secret ns/postgres-connection")),
        'Pod my-service-7c9 cannot start: secret "postgres-connection" has no key POSTGRES_DB. Add the key to the secret in namespace ns',
    ),
    (
        pod(waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")),
        "Pod my-service-7c9 cannot start: container has runAsNonRoot and image will run as root. "
        "Run the image as another user than root, or set spec.security.profile to baseline",
    ),
    (
        pod(waiting("ImagePullBackOff", "Back-off pulling image")),
        f"Pod my-service-7c9 cannot start: image {IMAGE} cannot be pulled. See that it exists (spec.image) "
        "and that a Secret in spec.imagePullSecrets may read it",
    ),
    (
        pod(initContainerStatuses=[waiting("CrashLoopBackOff", name="run-migrations", lastState={"terminated": {"exitCode": 127}})]),
        "Pod my-service-7c9 ends in container run-migrations with exit code 127. "
        "See its output with: kubectl -n ns logs my-service-7c9 -c run-migrations --previous",
    ),
    (
        pod(waiting("CrashLoopBackOff", lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}})),
        "Pod my-service-7c9 ran out of memory in container agent-executor. Raise spec.size or spec.resources.limits.memory",
    ),
    (
        pod({"name": "agent-executor", "image": IMAGE, "state": {"terminated": {"exitCode": 3}}}),
        "Pod my-service-7c9 ends in container agent-executor with exit code 3. "
        "See its output with: kubectl -n ns logs my-service-7c9 -c agent-executor --previous",
    ),
    (
        pod({"name": "agent-executor", "image": IMAGE, "state": {"running": {}}, "lastState": {"terminated": {"exitCode": 3}}}),
        "Pod my-service-7c9 ends in container agent-executor with exit code 3. "
        "See its output with: kubectl -n ns logs my-service-7c9 -c agent-executor --previous",
    ),
    (pod(waiting("RunContainerError", NO_SUCH_FILE)), f"Pod my-service-7c9 cannot start container agent-executor: {NO_SUCH_FILE}"),
    (
        pod(waiting("CrashLoopBackOff", "back-off 10s restarting failed container", lastState={"terminated": START_ERROR})),
        f"Pod my-service-7c9 cannot start container agent-executor: {NO_SUCH_FILE}",
    ),
    (
        pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}]),
        "Pod my-service-7c9 finds no node: 0/3 nodes are available",
    ),
]


def told(*pods: Manifest, spec: Manifest | None = None) -> str:
    deployment = deployed(created(composite(spec), READS_PODS)["deployment"], availableReplicas=0)
    composition = compose(composite(spec), Snapshot({"deployment": deployment}, {"pods": pods}), READS_PODS)
    return composition.conditions[1].message.removeprefix("0 of 1 pods are ready. ")


@pytest.mark.parametrize(("stuck", "message"), CASES, ids=[message[15:60] for _, message in CASES])
def test_a_stuck_pod_is_explained(stuck: Manifest, message: str) -> None:
    assert told(stuck) == message


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"postgresConnectionSecret": "mine"}, "spec.postgresConnectionSecret"),
        ({"dragonflyConnectionSecret": "mine"}, "spec.dragonflyConnectionSecret"),
    ],
)
def test_a_secret_that_is_missing_is_told_with_the_field_that_names_it(spec: Manifest, field: str) -> None:
    stuck = pod(waiting("CreateContainerConfigError", 'secret "mine" not found'))
    assert told(stuck, spec=spec).endswith(f'Create it in namespace ns, or set {field} to ""')


def test_without_a_stuck_pod_the_message_is_the_command_that_shows_more() -> None:
    assert told(pod()) == "See why with: kubectl -n ns describe pods -l app=my-service"


def test_pods_of_an_earlier_release_explain_nothing() -> None:
    assert told(pod(waiting("ImagePullBackOff"), image="old:1")) == told()


CRASHED = waiting("CrashLoopBackOff", lastState={"terminated": {"exitCode": 137}})
DELETED: Manifest = {**pod(CRASHED), "metadata": {"name": "a", "deletionTimestamp": "2026-01-01T00:00:00Z"}}


@pytest.mark.parametrize("gone", [DELETED, pod(CRASHED, name="a", phase="Failed")], ids=["deleted", "evicted"])
def test_pods_that_others_take_the_place_of_explain_nothing(gone: Manifest) -> None:
    assert told(gone) == told()
    assert told(gone, pod(waiting("ImagePullBackOff"), name="b")).startswith("Pod b cannot start")


def test_a_container_that_was_restarted_and_is_ready_explains_nothing() -> None:
    restarted = {"name": "agent-executor", "image": IMAGE, "ready": True, "lastState": {"terminated": {"exitCode": 137}}}
    assert told(pod(restarted, name="a")) == told()
    assert told(pod(restarted, name="a"), pod(waiting("ImagePullBackOff"), name="b")).startswith("Pod b cannot start")


def test_the_same_pods_in_another_order_give_the_same_message() -> None:
    pods = [pod(waiting("ImagePullBackOff"), name=name) for name in ("b", "a", "c")]
    assert told(*pods) == told(*reversed(pods))


def test_pods_are_asked_for_only_where_the_composition_says_so() -> None:
    assert "pods" not in compose(composite(), NOTHING, {}).requirements
    assert compose(composite(), NOTHING, READS_PODS).requirements["pods"] == Selector(
        api_version="v1",
        kind="Pod",
        namespace="ns",
        match_labels={"app.kubernetes.io/instance": "my-service", "app.kubernetes.io/part-of": "zerotouch-platform"},
    )


@pytest.mark.parametrize(
    "xr",
    [
        composite({"migrations": {"mode": "job"}, "podLabels": {"app.kubernetes.io/instance": "other"}}),
        composite({"podLabels": {"app.kubernetes.io/part-of": "shop"}}, labels={"app.kubernetes.io/part-of": "shop"}),
        agent({"podLabels": {"app.kubernetes.io/instance": "other"}}),
    ],
    ids=["migrations", "executor", "agent"],
)
def test_all_pods_of_a_claim_are_asked_for(xr: Manifest) -> None:
    composition = compose(xr, NOTHING, READS_PODS)
    found = [
        resource.manifest["spec"]["template"]
        for resource in composition.resources.values()
        if "template" in resource.manifest.get("spec", {})
    ]
    assert found
    for template in found:
        assert composition.requirements["pods"].match_labels.items() <= template["metadata"]["labels"].items()


AGENT_IMAGE = "ghcr.io/org/agent:v1.0.0"


@pytest.mark.parametrize(
    ("name", "reason", "says"),
    [
        ("agent", "ImagePullBackOff", "See that it exists (spec.agent.image)"),
        ("sidecar", "ErrImagePull", "See that it exists (agents.images.sidecar in the Composition's input)"),
        ("sidecar", "CrashLoopBackOff", "ran out of memory in container sidecar. Raise spec.sidecar.resources.limits.memory"),
        ("agent", "CreateContainerConfigError", 'secret "openai" not found. Create it in namespace ns'),
    ],
)
def test_an_agents_pod_is_explained_with_the_fields_of_an_agent(name: str, reason: str, says: str) -> None:
    provider = {"name": "openai", "type": "openai", "secret": {"name": "openai"}}
    xr = agent({"llm": {"providers": [provider]}})
    deployment = deployed(compose(xr, NOTHING, READS_PODS).resources["deployment"].manifest, availableReplicas=0)
    killed = {"lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}
    stuck = waiting(reason, 'secret "openai" not found', **{"name": name, "image": "x", **killed})
    composition = compose(xr, Snapshot({"deployment": deployment}, {"pods": [pod(stuck, image=AGENT_IMAGE)]}), READS_PODS)
    message = composition.conditions[1].message
    assert says in message
    assert 'to ""' not in message

"""Composed objects against the schemas of Kubernetes, KEDA and provider-kubernetes."""

import copy
import random
from collections.abc import Iterator
from typing import Any, Final

import kubernetes_validate  # type: ignore[import-untyped]  # it has no types
import pytest

from zerotouch.schema import check_manifest

Manifest = dict[str, Any]

DEPLOYMENT: Final[Manifest] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "my-service", "namespace": "orders", "labels": {"app": "my-service"}},
    "spec": {
        "selector": {"matchLabels": {"app": "my-service"}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": "0%"}},
        "template": {
            "metadata": {"labels": {"app": "my-service"}},
            "spec": {
                "initContainers": [{"name": "run-migrations", "image": "nginx:1"}],
                "containers": [
                    {
                        "name": "agent-executor",
                        "image": "nginx:1",
                        "ports": [{"name": "http", "containerPort": 8080}],
                        "livenessProbe": {"httpGet": {"path": "/health", "port": "http"}},
                        "resources": {"limits": {"cpu": 0.5, "memory": "1Gi"}},
                        "env": [{"name": "A", "value": "x"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                    }
                ],
                "volumes": [{"name": "data", "emptyDir": {"sizeLimit": "1Gi"}}],
            },
        },
    },
}
SERVICE: Final[Manifest] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "my-service"},
    "spec": {"type": "ClusterIP", "selector": {"app": "my-service"}, "ports": [{"name": "http", "port": 8080, "targetPort": "http"}]},
}
JOB: Final[Manifest] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "migrate"},
    "spec": {"backoffLimit": 3, "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b"}]}}},
}
SCALED_OBJECT: Final[Manifest] = {
    "apiVersion": "keda.sh/v1alpha1",
    "kind": "ScaledObject",
    "metadata": {"name": "my-service-scaler"},
    "spec": {
        "scaleTargetRef": {"name": "my-service"},
        "minReplicaCount": 1,
        "maxReplicaCount": 10,
        "fallback": {"failureThreshold": 3, "replicas": 2, "behavior": "currentReplicasIfHigher"},
        "advanced": {
            "horizontalPodAutoscalerConfig": {
                "behavior": {
                    "scaleDown": {"stabilizationWindowSeconds": 300, "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}
                }
            }
        },
        "triggers": [{"type": "nats-jetstream", "metadata": {"account": "$G", "lagThreshold": "5"}}],
    },
}
TRIGGER_AUTHENTICATION: Final[Manifest] = {
    "apiVersion": "keda.sh/v1alpha1",
    "kind": "TriggerAuthentication",
    "metadata": {"name": "nats"},
    "spec": {"secretTargetRef": [{"parameter": "account", "name": "nats", "key": "account"}]},
}
OBJECT: Final[Manifest] = {
    "apiVersion": "kubernetes.crossplane.io/v1alpha2",
    "kind": "Object",
    "metadata": {"name": "my-service-x7k2p-deployment"},
    "spec": {
        "forProvider": {"manifest": DEPLOYMENT},
        "providerConfigRef": {"name": "kubernetes-provider"},
        "readiness": {"policy": "DeriveFromCelQuery", "celQuery": "object.status.availableReplicas > 0"},
        "watch": True,
    },
}
BUILT_IN: Final = [DEPLOYMENT, SERVICE, JOB]

SLIPS: Final[list[tuple[Manifest, str, Any, str]]] = [
    (DEPLOYMENT, "spec.template.spec.containers.0.env.0.value", 1, "spec.template.spec.containers[0].env[0].value"),
    (DEPLOYMENT, "spec.template.spec.containers.0.env.1.name", "A", "spec.template.spec.containers[0].env[1]"),
    (DEPLOYMENT, "spec.template.spec.containers.0.imagePullPolcy", "Always", "spec.template.spec.containers[0].imagePullPolcy"),
    (DEPLOYMENT, "spec.selector", None, "spec.selector"),
    (SERVICE, "spec.ports.0.port", 2**40, "spec.ports[0].port"),
    (SERVICE, "kind", "Servce", "kind"),
    (SERVICE, "metadata", None, "metadata"),
    (SCALED_OBJECT, "spec.triggers.0.metadata.lagThreshold", 5, "spec.triggers[0].metadata.lagThreshold"),
    (SCALED_OBJECT, "spec.minReplicaCount", 11, "spec.minReplicaCount"),
    (SCALED_OBJECT, "spec.cooldown", 300, "spec.cooldown"),
    (SCALED_OBJECT, "spec.triggers", [], "spec.triggers"),
    (TRIGGER_AUTHENTICATION, "spec.secretTargetRef.0.key", None, "spec.secretTargetRef[0].key"),
    (OBJECT, "spec.readiness.celQuery", "", "spec.readiness.celQuery"),
    (OBJECT, "spec.readyness", {}, "spec.readyness"),
    (OBJECT, "spec.forProvider.manifest.spec.replica", 1, "spec.forProvider.manifest.spec.replica"),
    (OBJECT, "spec.forProvider.manifest.kind", "Deploy", "spec.forProvider.manifest.kind"),
]


def steps_of(path: str) -> list[Any]:
    return [int(step) if step.isdigit() else step for step in path.split(".")]


def with_change(manifest: Manifest, steps: list[Any], value: Any) -> Manifest:
    """A copy in which one field has another value; None takes it out."""
    changed = copy.deepcopy(manifest)
    place: Any = changed
    for step in steps[:-1]:
        place = place[step]
    if value is None:
        del place[steps[-1]]
    else:
        place[steps[-1]] = value
    return changed


@pytest.mark.parametrize("manifest", [*BUILT_IN, SCALED_OBJECT, TRIGGER_AUTHENTICATION, OBJECT], ids=lambda manifest: str(manifest["kind"]))
def test_a_right_object_has_no_problem(manifest: Manifest) -> None:
    assert check_manifest(manifest) == []


@pytest.mark.parametrize(("manifest", "field", "value", "path"), SLIPS, ids=[f"{slip[0]['kind']} {slip[1]}" for slip in SLIPS])
def test_a_slip_in_an_object_is_found_where_it_is(manifest: Manifest, field: str, value: Any, path: str) -> None:
    assert [problem.path for problem in check_manifest(with_change(manifest, steps_of(field), value))] == [path]


def test_an_object_of_an_unknown_kind_is_a_problem() -> None:
    assert [str(problem) for problem in check_manifest({"apiVersion": "example.com/v1", "kind": "Thing"})] == [
        "kind: there is no schema for Thing of example.com/v1"
    ]


def places(value: Any, steps: tuple[Any, ...] = ()) -> Iterator[list[Any]]:
    yield list(steps)
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from places(child, (*steps, step))


def says_kubernetes_validate(manifest: Manifest) -> bool:
    try:
        kubernetes_validate.validate(manifest, "1.36", strict=True)
    except kubernetes_validate.ValidationError:
        return False
    return True


@pytest.mark.parametrize("manifest", BUILT_IN, ids=lambda manifest: str(manifest["kind"]))
def test_built_in_kinds_are_judged_as_by_kubernetes_validate(manifest: Manifest) -> None:
    values = [1, -1, 2.5, "", "x", True, [], {}, [1], {"a": 1}, "5", ["a"], None]
    chance = random.Random(3)
    for steps in places(manifest):
        if len(steps) > 1:
            changed = with_change(manifest, steps, chance.choice(values))
            assert (check_manifest(changed) == []) == says_kubernetes_validate(changed), changed

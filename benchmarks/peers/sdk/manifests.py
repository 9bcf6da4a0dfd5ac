"""The composed objects of an AgentExecutor as dictionaries."""

import hashlib
import json
from typing import Any

from crossplane.function import resource

Manifest = dict[str, Any]
RELEASE = "platform.bizmatters.io/release"

SIZES: dict[str, Manifest] = {
    "small": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"cpu": "1000m", "memory": "2Gi"}},
    "medium": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "2000m", "memory": "4Gi"}},
    "large": {"requests": {"cpu": "1000m", "memory": "2Gi"}, "limits": {"cpu": "4000m", "memory": "8Gi"}},
}
POSTGRES = ("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD")
DRAGONFLY = ("DRAGONFLY_HOST", "DRAGONFLY_PORT", "DRAGONFLY_PASSWORD")
LLM = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")


def labels(xr: Manifest) -> dict[str, str]:
    own = {key: value for key, value in xr["metadata"].get("labels", {}).items() if not key.startswith("crossplane.io/")}
    name = xr["spec"]["claimRef"]["name"]
    return {
        **own,
        "app": name,
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/component": "agent-executor",
        "app.kubernetes.io/part-of": "zerotouch-platform",
        "app.kubernetes.io/managed-by": "crossplane",
    }


def service_account(xr: Manifest, labels: dict[str, str]) -> Manifest:
    claim = xr["spec"]["claimRef"]
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": claim["name"], "namespace": claim["namespace"], "labels": labels},
        "automountServiceAccountToken": False,
    }


def service(xr: Manifest, labels: dict[str, str]) -> Manifest:
    claim = xr["spec"]["claimRef"]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": claim["name"], "namespace": claim["namespace"], "labels": labels},
        "spec": {
            "type": "ClusterIP",
            "selector": {"app": claim["name"]},
            "ports": [{"name": "http", "port": 8080, "targetPort": "http", "protocol": "TCP"}],
        },
    }


def scaled_object(xr: Manifest, labels: dict[str, str]) -> Manifest:
    spec = xr["spec"]
    claim, scaling = spec["claimRef"], spec["scaling"]
    cooldown = int(scaling["cooldownSeconds"])
    period = min(60, max(1, cooldown // 5))
    server, namespace = spec["natsUrl"].split("//")[1].split(".")[:2]
    return with_release(
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": {"name": f"{claim['name']}-scaler", "namespace": claim["namespace"], "labels": labels},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": claim["name"]},
                "minReplicaCount": int(scaling["minReplicas"]),
                "maxReplicaCount": int(scaling["maxReplicas"]),
                "advanced": {
                    "horizontalPodAutoscalerConfig": {
                        "behavior": {
                            "scaleDown": {
                                "stabilizationWindowSeconds": cooldown,
                                "policies": [
                                    {"type": "Pods", "value": 1, "periodSeconds": period},
                                    {"type": "Percent", "value": 10, "periodSeconds": period},
                                ],
                                "selectPolicy": "Max",
                            }
                        }
                    }
                },
                "triggers": [
                    {
                        "type": "nats-jetstream",
                        "metadata": {
                            "natsServerMonitoringEndpoint": f"{server}-headless.{namespace}.svc.cluster.local:8222",
                            "account": spec["nats"]["account"],
                            "stream": spec["natsStreamName"],
                            "consumer": spec["natsConsumerGroup"],
                            "lagThreshold": str(int(scaling["lagThreshold"])),
                        },
                    }
                ],
            },
        }
    )


def deployment(xr: Manifest, labels: dict[str, str]) -> Manifest:
    spec = xr["spec"]
    claim, probes, volumes = spec["claimRef"], spec["probes"], spec.get("volumes", [])
    common: Manifest = {
        "image": spec["image"],
        "imagePullPolicy": "IfNotPresent",
        "env": env(spec),
        "resources": resources(spec),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    if volumes:
        common["volumeMounts"] = [{"name": volume["name"], "mountPath": volume["mountPath"]} for volume in volumes]
    startup = int(probes["startupSeconds"])
    liveness: Manifest = {"httpGet": {"path": probes["livenessPath"], "port": "http"}, "timeoutSeconds": 3}
    readiness: Manifest = {"httpGet": {"path": probes["readinessPath"], "port": "http"}, "timeoutSeconds": 3}
    pod: Manifest = {
        "serviceAccountName": claim["name"],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": int(spec["terminationGracePeriodSeconds"]),
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "initContainers": [{"name": "run-migrations", "command": spec["migrations"]["command"], **common}],
        "containers": [
            {
                "name": "agent-executor",
                "ports": [{"name": "http", "containerPort": int(spec["port"]), "protocol": "TCP"}],
                "startupProbe": {**liveness, "periodSeconds": 5, "failureThreshold": -(-startup // 5)},
                "livenessProbe": {**liveness, "initialDelaySeconds": 30, "periodSeconds": 10},
                "readinessProbe": {**readiness, "initialDelaySeconds": 10, "periodSeconds": 5},
                "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
                **common,
            }
        ],
    }
    if volumes:
        pod["volumes"] = [{key: value for key, value in volume.items() if key != "mountPath"} for volume in volumes]
    if spec.get("imagePullSecrets"):
        pod["imagePullSecrets"] = [{"name": name} for name in spec["imagePullSecrets"]]
    return with_release(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": claim["name"], "namespace": claim["namespace"], "labels": labels},
            "spec": {
                "revisionHistoryLimit": 3,
                "progressDeadlineSeconds": startup + 300,
                "selector": {"matchLabels": {"app": claim["name"]}},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        }
    )


def env(spec: Manifest) -> list[Manifest]:
    secrets: list[Manifest] = []
    for field, keys, extra in (
        ("postgresConnectionSecret", POSTGRES, {}),
        ("dragonflyConnectionSecret", DRAGONFLY, {}),
        ("llmKeysSecret", LLM, {"optional": True}),
    ):
        if spec[field]:
            secrets += [{"name": key, "valueFrom": {"secretKeyRef": {"name": spec[field], "key": key, **extra}}} for key in keys]
    return [
        *secrets,
        {"name": "NATS_URL", "value": spec["natsUrl"]},
        {"name": "NATS_STREAM_NAME", "value": spec["natsStreamName"]},
        {"name": "NATS_CONSUMER_GROUP", "value": spec["natsConsumerGroup"]},
        *spec.get("env", []),
    ]


def resources(spec: Manifest) -> Manifest:
    size, overrides = SIZES[spec["size"]], spec.get("resources", {})
    return {kind: {**size[kind], **overrides.get(kind, {})} for kind in ("requests", "limits")}


def with_release(manifest: Manifest) -> Manifest:
    text = json.dumps(manifest["spec"], sort_keys=True, separators=(",", ":"))
    manifest["metadata"]["annotations"] = {RELEASE: hashlib.sha256(text.encode()).hexdigest()[:10]}
    return manifest


def status(xr: Manifest, deployment: Manifest | None, workload: resource.Condition) -> Manifest:
    claim = xr["spec"]["claimRef"]
    fields: Manifest = {"endpoint": f"{claim['name']}.{claim['namespace']}.svc.cluster.local:8080", "replicas": 0}
    image = xr.get("status", {}).get("image", "")
    if deployment:
        fields["replicas"] = int(deployment.get("status", {}).get("availableReplicas", 0))
        if workload.status == "True":
            image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    return {**fields, "image": image} if image else fields


def claim_labels(xr: Manifest) -> dict[str, str]:
    """What Crossplane marks every composite of a claim of that name with."""
    claim = xr["spec"]["claimRef"]
    return {"crossplane.io/claim-name": claim["name"], "crossplane.io/claim-namespace": claim["namespace"]}

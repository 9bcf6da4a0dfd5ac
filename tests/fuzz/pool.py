"""Composites to be mutated, what runs of them, and what else a request has: much faster than new ones for each example."""

from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml

from tests.composites import agent, composite, deployed, scaling, wrapped
from zerotouch_function.manifest import Manifest
from zerotouch_function.modes import wrap
from zerotouch_function.namesake import requirement
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.registry import compose

EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "claims"
AGENTS: Final = ("minimal", "full", "code", "budget")
"""The AgentTypes among the examples that have every field between them."""


@lru_cache(1)
def pool() -> list[Manifest]:
    """A few composites of each kind, between them with every field."""
    return [*executors(), *(agent(spec, labels={"team": "x"}) for spec in map(example, AGENTS))]


def example(name: str) -> Manifest:
    """The spec of an example of an AgentType."""
    spec: Manifest = yaml.safe_load((EXAMPLES / f"agenttype-{name}.yaml").read_text())["spec"]
    return spec


def executors() -> list[Manifest]:
    """Without anything, with every field, and with migrations in a Job."""
    container = {"name": "APP_A", "value": "x"}
    ref = {"name": "APP_B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}}
    field = {"name": "APP_C", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}
    amount = {"name": "APP_D", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}}
    affinity: Manifest = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": []}]}}
    }
    whole = {
        "size": "small",
        "natsUrl": "nats://a.example.com:4222,nats://b.example.com:4222",
        "postgresConnectionSecret": "pg",
        "dragonflyConnectionSecret": "",
        "llmKeysSecret": "llm",
        "imagePullSecrets": ["pull"],
        "port": 8081,
        "command": ["run"],
        "args": ["--fast", ""],
        "env": [container, ref, field, amount],
        "volumes": [
            {"name": "v0", "mountPath": "/mnt/0", "configMap": {"name": "c"}, "readOnly": True},
            {"name": "v1", "mountPath": "/mnt/1", "emptyDir": {"sizeLimit": "1Gi", "medium": "Memory"}, "subPath": "a"},
            {"name": "v2", "mountPath": "/mnt/2", "persistentVolumeClaim": {"claimName": "p"}},
        ],
        "migrations": {"enabled": True, "mode": "init", "command": ["migrate"]},
        "probes": {"enabled": True, "livenessPath": "/l", "readinessPath": "/r", "startupSeconds": 60},
        "scaling": {
            "minReplicas": 0, "maxReplicas": 5, "lagThreshold": 7, "pollingIntervalSeconds": 9, "cooldownSeconds": 0, "fallbackReplicas": 2
        },
        "resources": {"requests": {"cpu": "0.2", "memory": "300M"}, "limits": {"cpu": 2, "memory": "3Gi"}},
        "security": {"profile": "baseline", "fsGroup": 10001},
        "nats": {"monitoringEndpoint": "http://nats:8222", "account": "A", "credentialsSecret": "creds", "caSecret": "ca"},
        "serviceAccountAnnotations": {"a.io/b": "c"},
        "placement": {
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3}],
            "affinity": affinity,
            "topologySpread": [{"topologyKey": "zone", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule"}],
            "priorityClassName": "high",
        },
        "terminationGracePeriodSeconds": 30,
        "podLabels": {"team": "a"},
        "podAnnotations": {"note": "b"},
    }  # fmt: skip
    in_job = {**whole, "migrations": {"mode": "job"}, "scaling": {"minReplicas": 1}}
    return [composite(spec, labels={"team": "x"}) for spec in ({}, whole, in_job)]


@lru_cache(32)
def running(index: int, mode: str) -> dict[str, Manifest]:
    """The composed objects of a composite from the pool, as the cluster has them once they run."""
    xr = pool()[index]
    first = {key: resource.manifest for key, resource in compose(xr, NOTHING, {}).resources.items()}
    migrated = Snapshot({key: _as_observed(manifest) for key, manifest in first.items()})
    made = {key: resource.manifest for key, resource in compose(xr, migrated, {}).resources.items()}
    ready = {key: _as_observed(manifest) for key, manifest in made.items()}
    if mode == "direct":
        return ready
    return {key: wrapped(wrap(manifest, key, "composite", "kubernetes-provider"), ready[key]) for key, manifest in made.items()}


@lru_cache(2)
def migrating(mode: str) -> dict[str, Manifest]:
    """The Job of another release, whose pod runs."""
    earlier = compose(composite({"image": "app:v0", "migrations": {"mode": "job"}}), NOTHING, {}).resources
    jobs = {key: resource.manifest for key, resource in earlier.items() if resource.manifest["kind"] == "Job"}
    running = {key: {**manifest, "status": {"active": 1, "ready": 1, "conditions": []}} for key, manifest in jobs.items()}
    if mode == "direct":
        return running
    return {key: wrapped(wrap(manifest, key, "composite", "kubernetes-provider"), running[key]) for key, manifest in jobs.items()}


def _as_observed(manifest: Manifest) -> Manifest:
    if manifest["kind"] == "Deployment":
        return deployed(manifest)
    if manifest["kind"] == "Job":
        return {**manifest, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    if manifest["kind"] == "HorizontalPodAutoscaler":
        return scaling(manifest, ("AbleToScale", "True"), ("ScalingActive", "True"))
    return scaling(manifest) if manifest["kind"] == "ScaledObject" else manifest


INPUT: Final = {
    "apiVersion": "agents.fn.platform.bizmatters.io/v1beta1",
    "kind": "Input",
    "providerConfigRef": {"name": "kubernetes-provider"},
    "diagnostics": {"pods": True},
    "defaults": {
        "clusterDomain": "cluster.local",
        "imagePullSecrets": ["pull"],
        "sizes": {"small": {"requests": {"cpu": "100m"}, "limits": {"memory": "1Gi"}}},
        "placement": {"nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "k", "operator": "Exists"}], "priorityClassName": "high"},
    },
}
"""A Composition's input with every field."""

POD: Final = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "ns"},
    "spec": {
        "containers": [{"name": name, "image": "ghcr.io/org/service:v1.0.0"} for name in ("agent-executor", "agent", "agent-sidecar")]
    },
    "status": {
        "phase": "Pending",
        "containerStatuses": [
            {"name": name, "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}
            for name in ("agent-executor", "agent")
        ],
        "initContainerStatuses": [{"name": "agent-sidecar", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such"}}}],
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}],
    },
}
"""Of any kind's claim: its containers do not start, and why."""


def namesake(xr: Manifest) -> tuple[str, Manifest]:
    """Requirement under which a claim looks for composites of the other kind with its name, and one that was there first."""
    other = "XAgentType" if xr["kind"] == "XAgentExecutor" else "XAgentExecutor"
    spec = {"claimRef": xr["spec"]["claimRef"], "resourceRefs": [{"apiVersion": "v1", "kind": "Service", "name": "first"}]}
    first = {**xr, "kind": other, "metadata": {"name": "first", "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": spec}
    return requirement(other.removeprefix("X")), first

"""What the observed Deployment and ScaledObject say."""

from typing import Any

from crossplane.function import resource
from crossplane.function.proto.v1 import run_function_pb2 as fnv1

Manifest = dict[str, Any]
RELEASE = "platform.bizmatters.io/release"


def workload(deployment: Manifest | None, wanted: Manifest, composite: str) -> resource.Condition:
    ask = f"If this lasts, see why with: kubectl describe xagentexecutor {composite}"
    if deployment is None:
        message = f"Deployment {wanted['metadata']['name']} does not exist yet. {ask}"
        return resource.Condition(typ="WorkloadReady", status="False", reason="Creating", message=message)
    metadata, status = deployment["metadata"], deployment.get("status", {})
    if metadata.get("annotations", {}).get(RELEASE) != wanted["metadata"]["annotations"][RELEASE]:
        message = f"The current spec's Deployment is being written. {ask}"
        return resource.Condition(typ="WorkloadReady", status="False", reason="RollingOut", message=message)
    progress: Manifest = next((c for c in status.get("conditions", []) if c["type"] == "Progressing"), {})
    is_current = status.get("observedGeneration", 0) >= metadata["generation"]
    is_rolled_out = (
        is_current and progress.get("reason") == "NewReplicaSetAvailable" and status.get("updatedReplicas", 0) == status.get("replicas", 0)
    )
    pods = f"kubectl -n {metadata['namespace']} describe pods -l app={metadata['name']}"
    if not is_rolled_out:
        message = f"The current spec is being rolled out. See why with: {pods}"
        return resource.Condition(typ="WorkloadReady", status="False", reason="RollingOut", message=message)
    replicas, available = int(deployment["spec"].get("replicas", 1)), int(status.get("availableReplicas", 0))
    if replicas == 0:
        message = "No pod runs until messages wait in the stream"
        return resource.Condition(typ="WorkloadReady", status="True", reason="ScaledToZero", message=message)
    if available < replicas:
        message = f"{available} of {replicas} pods are ready. See why with: {pods}"
        return resource.Condition(typ="WorkloadReady", status="False", reason="PodsNotReady", message=message)
    return resource.Condition(typ="WorkloadReady", status="True", reason="RolledOut", message="All pods run the current spec")


def scaler(req: fnv1.RunFunctionRequest, wanted: Manifest) -> resource.Condition:
    name, trigger = wanted["metadata"]["name"], wanted["spec"]["triggers"][0]["metadata"]
    if "scaled-object" not in req.observed.resources:
        message = f"ScaledObject {name} does not exist yet"
        return resource.Condition(typ="ScalerReady", status="False", reason="Creating", message=message)
    source = f"stream {trigger['stream']}, consumer {trigger['consumer']} at {trigger['natsServerMonitoringEndpoint']}"
    ready = resource.get_condition(req.observed.resources["scaled-object"].resource, "Ready")
    if ready.status == "True":
        return resource.Condition(typ="ScalerReady", status="True", reason="Scaling", message=f"Pods scale on {source}")
    return resource.Condition(typ="ScalerReady", status="False", reason="CannotScale", message=f"KEDA cannot read {source}")

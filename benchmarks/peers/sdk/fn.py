"""The function: each object a dictionary, handed to `resource.update`."""

from typing import Any

import grpc
from crossplane.function import logging, resource, response
from crossplane.function.proto.v1 import run_function_pb2 as fnv1
from crossplane.function.proto.v1 import run_function_pb2_grpc as grpcv1

from benchmarks.peers.sdk import conditions, manifests


class FunctionRunner(grpcv1.FunctionRunnerServiceServicer):
    """Answers RunFunction calls."""

    def __init__(self) -> None:
        self.log = logging.get_logger()

    async def RunFunction(  # noqa: N802
        self, req: fnv1.RunFunctionRequest, _: grpc.aio.ServicerContext[Any, Any]
    ) -> fnv1.RunFunctionResponse:
        log = self.log.bind(tag=req.meta.tag)
        log.debug("Running function")
        rsp = response.to(req)
        xr = resource.struct_to_dict(req.observed.composite.resource)
        labels = manifests.labels(xr)
        composed = {
            "service-account": manifests.service_account(xr, labels),
            "deployment": manifests.deployment(xr, labels),
            "service": manifests.service(xr, labels),
            "scaled-object": manifests.scaled_object(xr, labels),
        }
        for key, manifest in composed.items():
            resource.update(rsp.desired.resources[key], manifest)

        deployment = None
        if "deployment" in req.observed.resources:
            deployment = resource.struct_to_dict(req.observed.resources["deployment"].resource)
        workload = conditions.workload(deployment, composed["deployment"], xr["metadata"]["name"])
        scaler = conditions.scaler(req, composed["scaled-object"])
        valid = resource.Condition(typ="SpecValid", status="True", reason="Valid", message="The claim is valid")
        response.set_conditions(rsp, valid, workload, scaler)
        for condition in rsp.conditions:
            condition.target = fnv1.TARGET_COMPOSITE_AND_CLAIM

        is_ready = {
            "service-account": "service-account" in req.observed.resources,
            "deployment": workload.status == "True",
            "service": "service" in req.observed.resources,
            "scaled-object": scaler.status == "True",
        }
        for key, ready in is_ready.items():
            rsp.desired.resources[key].ready = fnv1.READY_TRUE if ready else fnv1.READY_FALSE
        if "service" not in req.observed.resources:
            wanted = rsp.requirements.resources["namesake-agenttype"]
            wanted.api_version, wanted.kind = "platform.bizmatters.io/v1alpha1", "XAgentType"
            wanted.match_labels.labels.update(manifests.claim_labels(xr))
        if not all(is_ready.values()):
            rsp.meta.ttl.FromSeconds(15)
        resource.update_status(rsp.desired.composite, manifests.status(xr, deployment, workload))
        return rsp

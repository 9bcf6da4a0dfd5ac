"""Requests as Crossplane sends them, made with the classes of its own SDK."""

from collections.abc import Mapping, Sequence
from typing import Any

from crossplane.function.proto.v1 import run_function_pb2 as v1
from google.protobuf import json_format, struct_pb2

Object = dict[str, Any]

XR: Object = {
    "apiVersion": "platform.bizmatters.io/v1alpha1",
    "kind": "XDemo",
    "metadata": {"name": "demo-x7", "generation": 3, "managedFields": [{"manager": "crossplane"}]},
    "spec": {"size": "small", "claimRef": {"name": "demo", "namespace": "ns"}},
}
CONFIG: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "demo"}, "data": {"size": "small"}}


def struct(content: Object) -> struct_pb2.Struct:
    return json_format.ParseDict(content, struct_pb2.Struct())


def request(
    xr: Object | None = XR,
    *,
    observed: Mapping[str, Object] | None = None,
    required: Mapping[str, Sequence[Object]] | None = None,
    is_v2: bool = True,
    function_input: Object | None = None,
) -> v1.RunFunctionRequest:
    """A request of Crossplane v2, or of v1.20."""
    message = v1.RunFunctionRequest()
    message.meta.tag = "tag-1"
    if is_v2:
        message.meta.capabilities.extend([v1.CAPABILITY_CAPABILITIES, v1.CAPABILITY_REQUIRED_RESOURCES])
    if xr is not None:
        message.observed.composite.resource.CopyFrom(struct(xr))
    for key, manifest in (observed or {}).items():
        message.observed.resources[key].resource.CopyFrom(struct(manifest))
    for name, items in (required or {}).items():
        found = (message.required_resources if is_v2 else message.extra_resources)[name]
        found.items.extend(v1.Resource(resource=struct(item)) for item in items)
    if function_input is not None:
        message.input.CopyFrom(struct(function_input))
    return message


def with_earlier_step(message: v1.RunFunctionRequest) -> v1.RunFunctionRequest:
    """The request as it is after another step of the pipeline has answered."""
    message.desired.composite.resource.CopyFrom(struct({"kind": "XDemo", "status": {"earlier": 1, "port": 7}}))
    message.desired.composite.connection_details["password"] = b"\x00\xff"
    message.desired.resources["bucket"].resource.CopyFrom(struct({"kind": "Bucket", "spec": {"size": 1.5, "empty": {}, "none": None}}))
    message.desired.resources["bucket"].ready = v1.READY_TRUE
    message.context.CopyFrom(struct({"environment": {"region": "here"}}))
    return message


def everything() -> v1.RunFunctionRequest:
    """A request in which every field of the protocol says something."""
    message = with_earlier_step(
        request(observed={"config": CONFIG, "empty": {}}, required={"types": [CONFIG], "none": []}, function_input={"port": 1})
    )
    message.observed.resources["config"].connection_details["key"] = b"value"
    message.credentials["registry"].credential_data.data["token"] = b"\x01"
    message.extra_resources["old"].items.add().resource.CopyFrom(struct(CONFIG))
    message.required_schemas["schema"].openapi_v3.CopyFrom(struct({"type": "object"}))
    message.required_schemas["no-schema"].SetInParent()
    return message

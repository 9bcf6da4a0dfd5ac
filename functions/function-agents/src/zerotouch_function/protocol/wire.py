"""Crossplane's messages with every Kubernetes object inside left closed.

A request carries the composite resource, every composed object whole, and what earlier steps of the pipeline desire: 30 KB for six
objects, megabytes for hundreds. Most of that we never look at, or hand on as it came. The protocol declares an object as
`google.protobuf.Struct`, a tree of maps, and the generated classes build that tree for every object in the request.

Protobuf writes a nested message and a `bytes` field in the same way: field number, length, content. So a class whose Struct fields
are declared `bytes` reads and writes the very same messages, and keeps each object as the bytes it came in:

    message Resource {                                  message Resource {
      google.protobuf.Struct resource = 1;      ->        optional bytes resource = 1;
      map<string, bytes> connection_details = 2;          map<string, bytes> connection_details = 2;
      Ready ready = 3;                                    Ready ready = 3;
    }                                                   }

- Parsing 30 KB takes 1 us instead of 56, and does not grow with what is inside the objects.
- Desired objects and context of earlier steps pass through byte for byte.
- What we do want to read is opened by `structs`, one object at a time. Only then can it turn out to be damaged.

The classes are derived when this module is imported, from the descriptors in Crossplane's SDK: there is no second copy of the
protocol here, and a new version of the SDK brings its new fields. Three details keep the derived schema equal on the wire:

- A message field knows "absent" from "empty"; a plain `bytes` field does not. Retyped fields therefore become `optional`, which a
  descriptor spells as membership in a oneof of its own.
- The derived files live in a descriptor pool of their own: two files of one name cannot share a pool.
- A message that occurs twice is merged, `bytes` that occur twice are not. No protobuf library writes a singular field twice.

mypy is told that the classes are the SDK's. That is true but for the closed fields, so these are read and written through the
functions below, and nowhere else by name.
"""

from typing import TYPE_CHECKING, Final, cast

from crossplane.function.proto.v1 import run_function_pb2 as v1
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import DecodeError

from zerotouch_function.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Collection

    from google.protobuf.message import Message

STRUCT: Final = ".google.protobuf.Struct"
"""The type that carries a Kubernetes object, as descriptors spell it."""

_Field = descriptor_pb2.FieldDescriptorProto


def closed_messages(file: FileDescriptor, closed: "Collection[str]") -> "dict[str, type[Message]]":
    """Classes for all messages of a file by full name, with the fields of the closed types retyped as bytes."""
    derived = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(derived)
    derived.ClearField("service")
    for message in derived.message_type:
        for field in message.field:
            if field.type_name in closed:
                _close(message, field)
        for entry in message.nested_type:  # of a map
            for field in entry.field:
                if field.type_name in closed:
                    field.ClearField("type_name")
                    field.type = _Field.TYPE_BYTES
    pool = descriptor_pool.DescriptorPool()
    for dependency in file.dependencies:
        pool.AddSerializedFile(dependency.serialized_pb)
    pool.AddSerializedFile(derived.SerializeToString())
    names = [f"{derived.package}.{message.name}" for message in derived.message_type]
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in names}


def _close(message: descriptor_pb2.DescriptorProto, field: descriptor_pb2.FieldDescriptorProto) -> None:
    field.ClearField("type_name")
    field.type = _Field.TYPE_BYTES
    if field.label == _Field.LABEL_OPTIONAL and not field.HasField("oneof_index"):
        field.proto3_optional = True
        field.oneof_index = len(message.oneof_decl)
        message.oneof_decl.add(name=f"_{field.name}")


_messages = closed_messages(v1.DESCRIPTOR, {STRUCT})

Request: Final = cast("type[v1.RunFunctionRequest]", _messages["apiextensions.fn.proto.v1.RunFunctionRequest"])
Response: Final = cast("type[v1.RunFunctionResponse]", _messages["apiextensions.fn.proto.v1.RunFunctionResponse"])


def parse(request: bytes) -> v1.RunFunctionRequest:
    """Reads a request; the objects in it stay closed.

    Raises:
        RequestError: The bytes are no request.
    """
    try:
        return Request.FromString(request)
    except DecodeError as error:
        remedy = "send an apiextensions.fn.proto.v1.RunFunctionRequest"
        raise RequestError("request", f"{len(request)} bytes cannot be read as protobuf", remedy) from error


def serialize(response: v1.RunFunctionResponse) -> bytes:
    """Bytes in one order in every process: v1.20 compares requirements of several replicas byte by byte."""
    return response.SerializeToString(deterministic=True)


def resource_struct(resource: v1.Resource) -> bytes | None:
    """The closed object of a resource; None where it has none."""
    return cast("bytes", resource.resource) if resource.HasField("resource") else None


def set_resource_struct(resource: v1.Resource, struct: bytes) -> None:
    """Puts an object into a resource, in place of the one it had."""
    setattr(resource, "resource", struct)  # noqa: B010  # mypy believes that the field is a Struct


def input_struct(request: v1.RunFunctionRequest) -> bytes:
    """The closed input from the Composition's pipeline step; no input reads as an empty one."""
    return cast("bytes", request.input)


def copy_context(request: v1.RunFunctionRequest, response: v1.RunFunctionResponse) -> None:
    """Hands the context of earlier steps on, unopened."""
    if request.HasField("context"):
        setattr(response, "context", request.context)  # noqa: B010  # bytes to bytes; mypy sees two Structs

"""The derived messages are the SDK's on the wire, and objects survive being closed and opened."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from crossplane.function.proto.v1 import run_function_pb2 as v1
from google.protobuf import json_format, struct_pb2
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from tests.function.crossplane_requests import CONFIG, XR, everything, struct
from zerotouch_function.errors import RequestError
from zerotouch_function.protocol import closing, wire
from zerotouch_function.protocol.asked import Asked
from zerotouch_function.protocol.closing import encode
from zerotouch_function.protocol.structs import DAMAGE, decode, decode_object, fields_of, plain
from zerotouch_function.protocol.view import View

Json = dict[str, Any]

numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.booleans() | numbers
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc.-/é", max_size=6), inner, max_size=4), max_leaves=30
)
objects = st.dictionaries(st.text("abcxyz.-/é", max_size=8), values, max_size=6)


def test_a_request_with_everything_in_it_is_the_same_message_for_the_sdk_and_for_us() -> None:
    data = everything().SerializeToString(deterministic=True)
    assert wire.parse(data).SerializeToString(deterministic=True) == data


def test_a_response_of_ours_is_the_same_message_for_the_sdk() -> None:
    ours, theirs = wire.Response(), v1.RunFunctionResponse()
    wire.set_resource_struct(ours.desired.resources["config"], encode(CONFIG))
    theirs.desired.resources["config"].resource.CopyFrom(struct(CONFIG))
    assert v1.RunFunctionResponse.FromString(wire.serialize(ours)) == theirs


def test_an_empty_object_is_not_an_absent_one() -> None:
    resource = wire.Response().desired.composite
    assert wire.resource_struct(resource) is None
    wire.set_resource_struct(resource, b"")
    assert wire.resource_struct(resource) == b""
    assert v1.Resource.FromString(resource.SerializeToString()).HasField("resource")


def test_unknown_fields_of_a_newer_crossplane_pass_through() -> None:
    newer = everything().SerializeToString(deterministic=True) + bytes.fromhex("fa3f03616263")  # field 1023: "abc"
    assert wire.parse(newer).SerializeToString(deterministic=True) == newer


@given(objects)
def test_an_object_survives_the_round_trip(content: Json) -> None:
    assert decode(encode(content)) == content


@given(objects)
def test_an_object_is_what_the_sdk_would_make_of_it(content: Json) -> None:
    assert struct_pb2.Struct.FromString(encode(content)) == struct(content)
    assert decode(struct(content).SerializeToString()) == json_format.MessageToDict(struct(content))


@given(objects)
def test_equal_objects_have_equal_bytes_whatever_the_order_of_their_fields(content: Json) -> None:
    assert encode(dict(reversed(content.items()))) == encode(content)


@given(objects)
def test_a_view_shows_the_whole_object(content: Json) -> None:
    view = View(fields_of(encode(content)))
    assert view == content
    assert decode(encode(view)) == content


def test_what_has_a_claims_own_image_is_not_kept_closed() -> None:
    encode({"labels": {"app": "the-app"}, "containers": [{"image": "the-image", "ports": []}]})
    assert any(b"the-app" in content for content in closing._known)
    assert not any(b"the-image" in content for content in closing._known)


def test_whole_numbers_are_read_as_int_and_others_as_float() -> None:
    read = decode(struct({"replicas": 3.0, "ratio": 0.5}).SerializeToString())
    assert json.dumps(read, sort_keys=True) == '{"ratio": 0.5, "replicas": 3}'
    odd = decode(encode({"big": math.inf, "none": math.nan}))
    assert odd["big"] == math.inf
    assert math.isnan(odd["none"])


def test_a_null_is_read_as_none_and_not_written() -> None:
    assert decode(struct({"a": None, "b": {"c": None}}).SerializeToString()) == {"a": None, "b": {"c": None}}
    assert decode(encode({"a": None, "b": {"c": None}, "d": [None]})) == {"b": {}, "d": [None]}


@pytest.mark.parametrize("length", [127, 128, 2**14 - 1, 2**14, 2**21])
def test_a_length_takes_as_many_bytes_as_it_needs(length: int) -> None:
    """Each seven bits of it begin a further one."""
    for content in ({"text": "x" * (length - overhead)} for overhead in range(20)):
        closed = encode({"data": content})
        assert closed == struct({"data": content}).SerializeToString()
        assert decode(closed) == {"data": content}


UNUSUAL = {
    "a length of two bytes that one could say": b"\x1a\x81\x00x",
    "a length of three bytes": b"\x1a\x80\x80\x01" + b"x" * 2**14,
    "a length that does not end": b"\x1a\x80" + "é".encode() * 64,
    "a length of more than there is": b"\x1a\x02x",
    "a text that is none": b"\x1a\x02\xc3\x28",
    "two texts": b"\x1a\x01a\x1a\x01b",
    "a truth value of two": b"\x20\x02",
    "a truth value of two bytes": b"\x20\x80\x01",
    "a truth value that does not end": b"\x20\x80",
    "a truth value and a number": b"\x20\x01\x11" + b"\x00" * 8,
    "a number of seven bytes": b"\x11" + b"\x00" * 7,
    "nothing": b"",
}


@pytest.mark.parametrize("value", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_a_value_in_an_unusual_form_is_what_it_is_to_protobuf(value: bytes) -> None:
    assert read(value, plain) == read(value, by_protobuf)


def read(value: bytes, reader: Callable[[bytes], Any]) -> Any:
    try:
        return reader(value)
    except DAMAGE:
        return "damaged"


def by_protobuf(value: bytes) -> Any:
    message = struct_pb2.Value.FromString(value)
    kind = message.WhichOneof("kind")
    return getattr(message, kind) if kind else None


def test_looking_for_a_field_does_not_make_one() -> None:
    view = View(fields_of(encode({"a": 1})))
    assert view.get("b") is None
    assert "c" not in view
    with pytest.raises(KeyError):
        view["d"]
    assert list(view) == ["a"]


def test_managed_fields_stay_closed() -> None:
    opened = decode_object(struct(XR).SerializeToString(), "observed.composite.resource")
    assert opened == {**XR, "metadata": {"name": "demo-x7", "generation": 3}}


def test_of_a_composite_only_what_an_answer_may_depend_on_is_opened() -> None:
    metadata = {"name": "demo", "resourceVersion": "7", "finalizers": ["x"], "labels": {"team": "a"}}
    spec = {"size": "small", "compositionRef": {"name": "c"}, "resourceRefs": [{"name": "demo", "kind": "Service"}, {"name": "demo-2"}]}
    status = {"image": "a:1", "conditions": [{"type": "Ready"}]}
    composite = {"apiVersion": "v1", "kind": "XDemo", "metadata": metadata, "spec": spec, "status": status}
    want = {"apiVersion": "v1", "kind": "XDemo", "metadata": {"name": "demo", "labels": {"team": "a"}}, "status": {"image": "a:1"}}
    assert _asked(composite) == {**want, "spec": {"size": "small", "resourceRefs": [{}]}}
    assert _asked({**composite, "spec": {"resourceRefs": []}}) == {**want, "spec": {}}
    del composite["spec"]
    assert _asked(composite) == {**want, "spec": {}}


def _asked(composite: Json) -> Json:
    resource = wire.Response().desired.composite
    wire.set_resource_struct(resource, encode(composite))
    return Asked(resource).opened()


def test_what_json_cannot_say_is_a_bug() -> None:
    with pytest.raises(TypeError, match="set cannot be written"):
        encode({"a": {1, 2}})


@pytest.mark.parametrize("depth", [40, 10_000])
def test_an_object_nested_without_end_is_damaged(depth: int) -> None:
    closed = b""
    for _ in range(depth):
        value = struct_pb2.Value.DESCRIPTOR.fields_by_name["struct_value"].number << 3 | 2
        closed = _entry(bytes([value]) + _length(closed) + closed)
    with pytest.raises(RequestError, match=r"^input: .*damaged"):
        decode_object(closed, "input")


def _entry(value: bytes) -> bytes:
    entry = b"\x0a\x01k\x12" + _length(value) + value
    return b"\x0a" + _length(entry) + entry


def _length(content: bytes) -> bytes:
    size, out = len(content), bytearray()
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    return bytes([*out, size])


@given(st.binary(max_size=300))
def test_any_bytes_are_an_object_or_damaged(data: bytes) -> None:
    try:
        decode_object(data, "input")
    except RequestError as error:
        assert str(error).startswith("input: the object's bytes are damaged; ")  # noqa: PT017  # or an answer


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_to_the_sdk_and_to_us_or_to_neither_without_opening_objects(data: bytes) -> None:
    try:
        v1.RunFunctionRequest.FromString(data)
    except DecodeError:
        return  # damage inside an object shows only when it is opened
    wire.parse(data)


@given(objects, objects)
def test_an_object_is_closed_by_itself_whatever_was_closed_before(first: Json, second: Json) -> None:
    """1, 1.0, true and null look alike in some encodings."""
    for content in (first, {"list": [1, True, None, 1.0, "1"]}, {"list": [True, 1.0, None, 1, "1"]}, second, first):
        assert struct_pb2.Struct.FromString(encode(content)) == struct(content)
    odd = decode(encode({"list": [math.nan, None, math.inf]}))["list"]
    assert math.isnan(odd[0])
    assert odd[1:] == [None, math.inf]

"""What is read from a stream does not depend on how the network cut it."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zerotouch_sidecar.models.amounts import Usage
from zerotouch_sidecar.models.events import HELD_BYTES, EventReader, failure_at_start
from zerotouch_sidecar.models.usage import find_usage

CHAT = [
    {"choices": [{"delta": {"content": 'the "usage" of data:\n\n'}}], "usage": None},
    {"choices": [{"delta": {"content": "ü"}}]},
    {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}}},
]
BEGUN = {"input_tokens": 7, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 2, "output_tokens": 1}
MESSAGES = [
    {"type": "message_start", "message": {"usage": BEGUN | {"cache_creation": {"ephemeral_1h_input_tokens": 2}}}},
    {"type": "content_block_delta", "delta": {"text": "x"}},
    {"type": "message_delta", "usage": {"output_tokens": 9}},
]
RESPONSES = [
    {"type": "response.created", "response": {"usage": None}},
    {
        "type": "response.completed",
        "response": {"usage": {"input_tokens": 8, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 1}}},
    },
]
STREAMS = [(CHAT, Usage(11, 5, 3)), (MESSAGES, Usage(13, 9, 4, 2, 2)), (RESPONSES, Usage(8, 2, 1))]


def stream(events: list[Any], end: str) -> list[bytes]:
    named = [f"event: {event['type']}{end}" if "type" in event else "" for event in events]
    told = [f"{name}data: {json.dumps(event)}{end}{end}".encode() for name, event in zip(named, events, strict=True)]
    return [*told, f"data: [DONE]{end}{end}".encode()]


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(each % (len(data) + 1) for each in cuts)})
    return [data[start:end] for start, end in pairwise(at)]


@settings(max_examples=200)
@given(
    which=st.sampled_from(STREAMS),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(0, 10_000), max_size=40),
    drops=st.booleans(),
)
def test_usage_and_bytes_are_the_same_for_any_chunking(which: tuple[list[Any], Usage], end: str, cuts: list[int], drops: bool) -> None:
    events, usage = which
    told = stream(events, end)
    reader = EventReader(drops_usage=drops)
    sent = b"".join(reader.feed(piece) for piece in cut(b"".join(told), cuts)) + reader.finish()
    assert reader.usage == usage
    assert reader.is_told
    dropped = drops and events is CHAT
    assert sent == b"".join(event for event in told if not (dropped and b'"choices": []' in event))
    assert reader.events == len(told) - dropped


@given(st.lists(st.binary(max_size=80), max_size=30), st.booleans())
def test_any_bytes_pass_without_loss(pieces: list[bytes], drops: bool) -> None:
    reader = EventReader(drops_usage=drops)
    sent = b"".join(reader.feed(piece) for piece in pieces) + reader.finish()
    assert sent == b"".join(pieces)


@pytest.mark.parametrize("drops", [True, False])
def test_an_event_without_end_is_not_held(drops: bool) -> None:
    reader = EventReader(drops_usage=drops)
    piece = b"x" * 65536
    sent = 0
    for count in range(1, 40):
        sent += len(reader.feed(piece))
        assert count * len(piece) - sent <= HELD_BYTES
    assert sent + len(reader.finish()) == 39 * len(piece)
    assert reader.is_mid_event


@settings(max_examples=50)
@given(end=st.sampled_from(["\n", "\r\n", "\r"]), cuts=st.lists(st.integers(-5, 5)))
def test_what_follows_a_long_event_is_read_as_ever(end: str, cuts: list[int]) -> None:
    long, told = f"data: {'x' * HELD_BYTES}{end}{end}".encode(), stream(CHAT, end)
    reader = EventReader(drops_usage=True)
    pieces = cut(long + b"".join(told), [HELD_BYTES + 1, *(len(long) + at for at in cuts)])
    assert b"".join(reader.feed(piece) for piece in pieces) + reader.finish() == long + b"".join([*told[:-2], told[-1]])
    assert (reader.usage, reader.is_told, reader.events) == (Usage(11, 5, 3), True, len(told))
    assert not reader.is_mid_event


@settings(max_examples=50)
@given(end=st.sampled_from(["\n", "\r\n", "\r"]), cuts=st.lists(st.integers(0, 3 * HELD_BYTES), max_size=20))
def test_the_usage_at_the_end_of_a_long_event_is_read(end: str, cuts: list[int]) -> None:
    said = {"tools": [{"usage": {"type": "object"}}], "output": [{"type": "image_generation_call", "result": "x" * 2 * HELD_BYTES}]}
    response = {**said, "usage": {"input_tokens": 8, "output_tokens": 2}, "metadata": {"usage": '"usage": {"input_tokens": 999999}'}}
    told = b"".join(stream([*RESPONSES[:1], {"type": "response.completed", "response": response}], end))
    reader = EventReader()
    assert b"".join(reader.feed(piece) for piece in cut(told, cuts)) + reader.finish() == told
    assert (reader.usage, reader.is_told) == (Usage(8, 2), True)


@pytest.mark.parametrize(
    "event, failure",
    [
        (b'data: {"error": {"message": "no"}}\n\n', 502),
        (b'data: {"error": "no"}\n\n', 502),
        (b'event: error\r\ndata: {"type": "error"}\r\n\r\n', 502),
        (b'event: response.failed\ndata: {"response": {"error": {}}}\n\n', 502),
        (b'event: response.failed\ndata: {"response": {"error": {"code": "context_length_exceeded"}}}\n\n', 400),
        (b'event: error\ndata: {"type":"error","error":{"type":"invalid_request_error"}}\n\n', 400),
        (b'data: {"error": {"type": "BadRequestError", "code": 400}}\n\n', 400),
        (b'event: response.failed\ndata: {"response": {"error": {"code": "rate_limit_exceeded"}}}\n\n', 429),
        (b'data: {"error": {"code": 429}}\n\n', 429),
        (b'data: {"error": {"code": 4290}}\n\n', 502),
        (b'data: {"error": null, "choices": []}\n\n', 0),
        (b'data: {"choices": [{"delta": {"content": "data: {\\"error\\":\\nevent: error\\n"}}], "error": null}\n\n', 0),
    ],
)
def test_a_provider_that_says_that_it_failed_is_heard(event: bytes, failure: int) -> None:
    reader = EventReader()
    assert reader.feed(b"data: {}\n\n" + event) == b"data: {}\n\n" + event
    assert reader.failure == failure
    assert (failure_at_start(event) or (0,))[0] == failure


def test_of_a_failure_at_the_start_what_came_whole_is_told() -> None:
    event = b'event: error\ndata: {"type": "error"}\n\n'
    assert failure_at_start(event + b"data: [DONE]\n\n") == (502, b'{"type": "error"}')
    assert failure_at_start(event[:-6]) == (502, b"")


@pytest.mark.parametrize(
    "document, usage",
    [
        (b'{"usage": {"prompt_tokens": 3, "total_tokens": 3}}', Usage(3)),
        (b'{"usage": {"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": 399}}', Usage(12, 387)),
        (
            b'{"usage": {"input_tokens": 3, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 4, "output_tokens": 1}}',
            Usage(9, 1, 4, 2),
        ),
        (  # within an hour's cache and the usual one, and beside what an advisor and a compaction used
            b'{"usage": {"input_tokens": 3, "cache_creation_input_tokens": 6, "cache_read_input_tokens": 4, "output_tokens": 1,'
            b'"cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 5}, "iterations": ['
            b'{"type": "message", "input_tokens": 3, "output_tokens": 1}, {"type": "compaction", "input_tokens": 100, "output_tokens": 20},'
            b'{"type": "advisor_message", "input_tokens": 7, "cache_read_input_tokens": 1000, "output_tokens": 300}]}}',
            Usage(1120, 321, 1004, 6, 5),
        ),
        (
            b'{"usage": {"prompt_tokens": 9, "completion_tokens": 1,'
            b'"prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2}}}',
            Usage(9, 1, 3, 2),
        ),
        (
            b'{"usage": {"input_tokens": 9, "output_tokens": 1, "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 5,'
            b'"cache_write_tokens_details": {"ttl_30m_tokens": 1, "ttl_12h_tokens": 4}}}}',
            Usage(9, 1, 3, 5, 4),
        ),
        (b'{"usage": {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 99}}}', Usage(3, 0, 3)),
        (b'{"usage": {"prompt_tokens": -3}}', None),
        (b'{"usage": {"prompt_tokens": 1e30}}', None),
        (b'{"usage": "much"}', None),
        (b'{"usage": null}', None),
        (b"[" * 100_000, None),
        (b'{"usage": {"prompt_tokens": 3}', None),
        (b"\xff", None),
    ],
)
def test_usage_is_found_or_left_alone(document: bytes, usage: Usage | None) -> None:
    found = find_usage(document)
    assert (found.usage if found else None) == usage

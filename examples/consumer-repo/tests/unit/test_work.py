"""What is said about a text, and which messages can never succeed."""

import json

import pytest

from agent_executor.work import Request, RequestError, Result, execute, parse


def test_a_text_is_measured() -> None:
    assert execute(Request("1", "queues make pods")) == Result(words=3, characters=16, longest_word="queues")


def test_an_empty_text_has_no_longest_word() -> None:
    assert execute(Request("1", " ")) == Result(words=0, characters=1, longest_word="")


def test_the_same_request_gives_the_same_bytes() -> None:
    request = Request("1", "schöne Grüße")
    assert execute(request).as_json() == execute(request).as_json() == '{"words": 2, "characters": 12, "longest_word": "schöne"}'


def test_a_request_is_read_from_json() -> None:
    assert parse(b'{"id": "42", "text": "hello", "more": true}') == Request("42", "hello")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not an object"),
        (b'{"text": "hello"}', "id: has to be text"),
        (b'{"id": 42, "text": "hello"}', "id: has to be text"),
        (b'{"id": "", "text": "hello"}', "id: is empty"),
        (json.dumps({"id": "42"}).encode(), "text: has to be text"),
    ],
)
def test_a_message_that_is_none_is_refused_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        parse(body)

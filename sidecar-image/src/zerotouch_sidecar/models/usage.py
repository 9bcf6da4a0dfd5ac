"""Finds in an answer what it used, whatever shape the surface gives it."""

import json
import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from zerotouch_sidecar.models.amounts import Usage

Tokens = Annotated[int, Meta(ge=0, le=2**40)] | None


class _Kept(Struct):
    """For how long what was written into a cache is kept."""

    ephemeral_1h_input_tokens: Tokens = None
    """Anthropic's; other writes are kept for 5 minutes."""

    ttl_12h_tokens: Tokens = None
    """OpenAI's; other writes are kept for 30 minutes."""


class _Details(Struct):
    cached_tokens: Tokens = None
    cache_write_tokens: Tokens = None
    cache_write_tokens_details: _Kept | None = None


_NOT_KEPT: Final = _Kept()
_NO_DETAILS: Final = _Details()


class _Counts(Struct):
    """Every field that any surface uses; none of them mean two things."""

    type: str | None = None
    """Of an iteration."""

    iterations: "list[_Counts] | None" = None
    """Anthropic's steps on the way to one answer."""

    prompt_tokens: Tokens = None
    completion_tokens: Tokens = None
    total_tokens: Tokens = None
    prompt_tokens_details: _Details | None = None
    input_tokens: Tokens = None
    output_tokens: Tokens = None
    input_tokens_details: _Details | None = None
    cache_creation_input_tokens: Tokens = None
    cache_read_input_tokens: Tokens = None
    cache_creation: _Kept | None = None


class _Inner(Struct):
    usage: _Counts | None = None


class _Answer(Struct):
    usage: _Counts | None = None
    message: _Inner | None = None
    """Of Anthropic's `message_start`."""

    response: _Inner | None = None
    """Of the events of OpenAI's Responses."""

    choices: list[msgspec.Raw] | None = None


_decoder: Final = msgspec.json.Decoder(_Answer)
MARK: Final = b'"usage"'
"""What is not in the bytes of an answer without usage: most events are not looked at further."""

LAST_BYTES: Final = 64 * 1024
"""Of a document that is too long to hold: usage and what may come after it, such as OpenAI's 16 metadata of 512 characters, fit in."""

_mark: Final = re.compile(r'"usage"\s*:\s*(?=\{)')
_value: Final = json.JSONDecoder()

BESIDE: Final = ("compaction", "advisor_message")
"""Iterations that Anthropic leaves out of the counts of their answer, and bills."""


class Found(Struct, frozen=True):
    """What one JSON document says of usage."""

    usage: Usage
    has_no_choices: bool
    """Whether it is nothing but usage, as the chunk that `include_usage` adds."""

    is_start: bool
    """Whether the answer only begins: its output is still to come."""


def find_usage(document: bytes) -> Found | None:
    """Reads the usage of a whole answer or of one event's data; nothing if it has none or cannot be read."""
    try:
        answer = _decoder.decode(document)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    counts = answer.usage
    for inner in (answer.message, answer.response):
        if counts is None and inner is not None:
            counts = inner.usage
    if counts is None:
        return None
    return Found(_usage(counts), answer.choices == [], is_start=answer.message is not None)


def find_last_usage(last: bytes) -> Usage | None:
    """Reads the usage of a document of which only the last bytes are known; nothing if they have none.

    A text in the document does not look like it, as quotes in texts are escaped.
    """
    text = last.decode(errors="replace")
    for match in reversed(list(_mark.finditer(text))):
        try:
            usage = _usage(msgspec.convert(_value.raw_decode(text, match.end())[0], _Counts))
        except (ValueError, RecursionError, msgspec.ValidationError):
            continue
        if usage.total_tokens:
            return usage
    return None


def combined(first: Usage | None, later: Usage) -> Usage:
    """Returns what two events of one stream say together: counts in later ones are totals, and may leave out the input."""
    if first is None:
        return later
    return Usage(*map(max, first, later))


def _usage(counts: _Counts) -> Usage:
    if counts.prompt_tokens is not None or counts.completion_tokens is not None:
        given, written = counts.prompt_tokens or 0, counts.completion_tokens or 0
        # xAI and Gemini count what a model thought in the total alone: https://docs.x.ai/developers/rate-limits
        return _within(given, max(written, (counts.total_tokens or 0) - given), counts.prompt_tokens_details or _NO_DETAILS)
    if counts.input_tokens_details is not None:
        return _within(counts.input_tokens or 0, counts.output_tokens or 0, counts.input_tokens_details)
    beside = [_apart(each) for each in counts.iterations or () if each.type in BESIDE]
    return Usage(*map(sum, zip(_apart(counts), *beside, strict=True)))


def _within(input_tokens: int, output_tokens: int, details: _Details) -> Usage:
    """As OpenAI counts: what its cache gave and took is a part of the input."""
    kept = details.cache_write_tokens_details or _NOT_KEPT
    cached = min(details.cached_tokens or 0, input_tokens)
    written = min(details.cache_write_tokens or 0, input_tokens - cached)
    return Usage(input_tokens, output_tokens, cached, written, min(kept.ttl_12h_tokens or 0, written))


def _apart(counts: _Counts) -> Usage:
    """As Anthropic counts: what its cache gave and took comes on top of the input."""
    kept = counts.cache_creation or _NOT_KEPT
    cached, written = counts.cache_read_input_tokens or 0, counts.cache_creation_input_tokens or 0
    input_tokens = (counts.input_tokens or 0) + cached + written
    return Usage(input_tokens, counts.output_tokens or 0, cached, written, min(kept.ephemeral_1h_input_tokens or 0, written))

"""The shapes in which the surfaces put one answer, whole and as events."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from zerotouch_sidecar.models.surfaces import CHAT, MESSAGES, RESPONSES, Operation

Json = dict[str, Any]
CALL_ID: Final = "call_mock"


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says."""

    model: str
    text: str
    tool: tuple[str, Json] | None
    """A tool to call, and its arguments, in place of text."""

    input_tokens: int
    output_tokens: int
    is_cut: bool
    """Whether the request's bound ended it."""

    def pieces(self) -> list[str]:
        """Returns the text word by word."""
        words = self.text.split(" ")
        return [word if at == len(words) - 1 else word + " " for at, word in enumerate(words)] if self.text else []

    def arguments(self) -> str:
        """Returns the tool's arguments as JSON."""
        return json.dumps(self.tool[1]) if self.tool else ""


@dataclass(frozen=True, slots=True)
class Shape:
    """How one operation writes an answer."""

    whole: Callable[[Said], Json]
    events: Callable[[Said, bool], list[Json]]
    is_named: bool
    """Whether events carry their type as their name; else the stream ends with `[DONE]`."""


def shape_of(operation: Operation) -> Shape:
    """Returns the shape of an operation's answers."""
    if operation is MESSAGES:
        return Shape(_message, _message_events, is_named=True)
    if operation is RESPONSES:
        return Shape(_response, _response_events, is_named=True)
    return Shape(_chat, _chat_events, is_named=False) if operation is CHAT else Shape(_text, _text_events, is_named=False)


def _usage(said: Said) -> Json:
    total = said.input_tokens + said.output_tokens
    return {"prompt_tokens": said.input_tokens, "completion_tokens": said.output_tokens, "total_tokens": total}


def _reason(said: Said) -> str:
    return "tool_calls" if said.tool else "length" if said.is_cut else "stop"


def _chat(said: Said) -> Json:
    message: Json = {"role": "assistant", "content": said.text or None, "refusal": None}
    if said.tool:
        message["tool_calls"] = [{"id": CALL_ID, "type": "function", "function": {"name": said.tool[0], "arguments": said.arguments()}}]
    choice = {"index": 0, "message": message, "finish_reason": _reason(said), "logprobs": None}
    return {
        "id": "chatcmpl-mock",
        "object": "chat.completion",
        "created": 0,
        "model": said.model,
        "choices": [choice],
        "usage": _usage(said),
    }


def _chat_events(said: Said, has_usage: bool) -> list[Json]:
    kept = {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 0, "model": said.model}
    deltas: list[Json] = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in said.pieces())]
    if said.tool:
        function = {"name": said.tool[0], "arguments": said.arguments()}
        deltas.append({"tool_calls": [{"index": 0, "id": CALL_ID, "type": "function", "function": function}]})
    events: list[Json] = [{**kept, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    events.append({**kept, "choices": [{"index": 0, "delta": {}, "finish_reason": _reason(said)}]})
    return [*events, {**kept, "choices": [], "usage": _usage(said)}] if has_usage else events


def _text(said: Said) -> Json:
    choice = {"index": 0, "text": said.text, "finish_reason": _reason(said), "logprobs": None}
    return {"id": "cmpl-mock", "object": "text_completion", "created": 0, "model": said.model, "choices": [choice], "usage": _usage(said)}


def _text_events(said: Said, has_usage: bool) -> list[Json]:
    kept = {"id": "cmpl-mock", "object": "text_completion", "created": 0, "model": said.model}
    pieces: list[tuple[str, str | None]] = [*((piece, None) for piece in said.pieces()), ("", _reason(said))]
    events: list[Json] = [{**kept, "choices": [{"index": 0, "text": text, "finish_reason": end, "logprobs": None}]} for text, end in pieces]
    return [*events, {**kept, "choices": [], "usage": _usage(said)}] if has_usage else events


def _message(said: Said) -> Json:
    content: Json = {"type": "text", "text": said.text}
    if said.tool:
        content = {"type": "tool_use", "id": CALL_ID, "name": said.tool[0], "input": said.tool[1]}
    reason = "tool_use" if said.tool else "max_tokens" if said.is_cut else "end_turn"
    usage = {"input_tokens": said.input_tokens, "output_tokens": said.output_tokens}
    kept = {"id": "msg_mock", "type": "message", "role": "assistant", "model": said.model, "stop_sequence": None}
    return {**kept, "content": [content], "stop_reason": reason, "usage": usage}


def _message_events(said: Said, has_usage: bool) -> list[Json]:  # noqa: ARG001  # it always has
    whole = _message(said)
    start = {**whole, "content": [], "stop_reason": None, "usage": {"input_tokens": said.input_tokens, "output_tokens": 1}}
    block: Json = whole["content"][0]
    empty = {**block, "input": {}} if said.tool else {**block, "text": ""}
    deltas: list[Json] = [{"type": "text_delta", "text": piece} for piece in said.pieces()]
    if said.tool:
        deltas = [{"type": "input_json_delta", "partial_json": said.arguments()}]
    ended = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    return [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": empty},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ended, "usage": {"output_tokens": said.output_tokens}},
        {"type": "message_stop"},
    ]


def _item(said: Said, status: str) -> Json:
    if said.tool:
        return {
            "type": "function_call",
            "id": "fc_mock",
            "call_id": CALL_ID,
            "name": said.tool[0],
            "arguments": said.arguments(),
            "status": status,
        }
    content = [{"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}]
    return {"type": "message", "id": "msg_mock", "status": status, "role": "assistant", "content": content}


def _response(said: Said) -> Json:
    tokens: Json = {"input_tokens": said.input_tokens, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": said.output_tokens}
    tokens |= {"output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": said.input_tokens + said.output_tokens}
    kept = {"id": "resp_mock", "object": "response", "created_at": 0, "error": None, "instructions": None, "metadata": {}}
    kept |= {"parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0}
    ended = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}} if said.is_cut else {}
    return {
        **kept,
        "status": "completed",
        "incomplete_details": None,
        **ended,
        "model": said.model,
        "output": [_item(said, "completed")],
        "usage": tokens,
    }


def _response_events(said: Said, has_usage: bool) -> list[Json]:  # noqa: ARG001  # it always has
    whole = _response(said)
    begun = {**whole, "status": "in_progress", "incomplete_details": None, "output": [], "usage": None}
    item = _item(said, "completed")
    at: Json = {"item_id": item["id"], "output_index": 0}
    if said.tool:
        started: Json = {**item, "arguments": "", "status": "in_progress"}
        middle: list[Json] = [
            {"type": "response.function_call_arguments.delta", **at, "delta": said.arguments()},
            {"type": "response.function_call_arguments.done", **at, "arguments": said.arguments(), "name": said.tool[0]},
        ]
    else:
        started, at = {**item, "content": [], "status": "in_progress"}, at | {"content_index": 0}
        part: Json = item["content"][0]
        middle = [
            {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
            *({"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []} for piece in said.pieces()),
            {"type": "response.output_text.done", **at, "text": said.text, "logprobs": []},
            {"type": "response.content_part.done", **at, "part": part},
        ]
    events: list[Json] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": started},
        *middle,
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.incomplete" if said.is_cut else "response.completed", "response": whole},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]

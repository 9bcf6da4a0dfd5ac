"""A provider that needs no network and no key, and answers the same to the same request: for `zerotouch run --mock-models` and for tests.

The answer repeats the last thing that the user said. `call NAME {"json": "arguments"}` in it makes the answer a call of that tool, if the
request has it; once the tool's result is in the conversation, the answer repeats that. A token is a word.
"""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from struct import pack
from typing import Any, Final

import msgspec

from zerotouch_sidecar.http.message import Headers
from zerotouch_sidecar.models.call import Call
from zerotouch_sidecar.models.providers.base import Setup
from zerotouch_sidecar.models.providers.mock_shapes import Said, Shape, shape_of
from zerotouch_sidecar.models.refusals import JSON
from zerotouch_sidecar.models.surfaces import COUNT_TOKENS, EMBEDDINGS, Surface

DIMENSIONS: Final = 8
"""Length of an embedding."""

_TOOL_CALL: Final = re.compile(r"\bcall ([A-Za-z0-9_-]{1,64})\s*(\{.*\})?", re.DOTALL)
_EVENTS: Final = (b"content-type", b"text/event-stream")


class MockProvider:
    """Answers every operation of the surfaces that it is to speak: those of the provider that it stands for, or both."""

    def __init__(self, setup: Setup) -> None:
        self._name = setup.name
        self.surfaces = setup.speaks or frozenset(Surface)

    async def send(self, call: Call, model: str) -> "MockAnswer":
        """Makes up the answer."""
        request = {name: msgspec.json.decode(value) for name, value in call.fields.items()}
        input_tokens = max(
            1, len(_texts([request.get(name) for name in ("system", "instructions", "messages", "input", "prompt")]).split())
        )
        if call.operation is COUNT_TOKENS:
            return MockAnswer([_encoded({"input_tokens": input_tokens})], [JSON])
        if call.operation is EMBEDDINGS:
            return MockAnswer([_encoded(_embeddings(request, model, input_tokens))], [JSON])
        shape, said = shape_of(call.operation), _said(request, model, input_tokens, call.output_limit)
        if not call.is_stream:
            return MockAnswer([_encoded(shape.whole(said))], [JSON])
        return MockAnswer(_events(shape, said, has_usage=call.has_usage_chunk or call.wants_usage_chunk), [_EVENTS])

    async def close(self) -> None:
        """Has nothing to let go of."""


@dataclass(slots=True)
class MockAnswer:
    """An answer that is all there."""

    pieces: list[bytes]
    headers: Headers
    status: int = 200

    async def chunks(self) -> AsyncIterator[bytes]:
        """The answer, event by event."""
        for piece in self.pieces:
            yield piece

    async def read(self, limit_bytes: int) -> bytes:
        """The whole answer, which is short."""
        return b"".join(self.pieces)[:limit_bytes]

    def close(self) -> None:
        """Has nothing to let go of."""


def _said(request: dict[str, Any], model: str, input_tokens: int, limit: int | None) -> Said:
    """Decides what the answer says."""
    turns = _turns(request.get("messages") or request.get("input") or request.get("prompt"))
    role, text = turns[-1] if turns else ("user", "")
    tools = {_tool_name(tool) for tool in request.get("tools") or ()}
    match = _TOOL_CALL.search(text) if role == "user" else None
    if match and match[1] in tools:
        return Said(model, "", (match[1], _arguments(match[2])), input_tokens, 1 + len((match[2] or "").split()), is_cut=False)
    words = (f"The tool said: {text}" if role == "tool" else f"You said: {text}").split()
    kept = words if limit is None else words[: max(1, limit)]
    return Said(model, " ".join(kept), None, input_tokens, len(kept), is_cut=len(kept) < len(words))


def _turns(value: Any) -> list[tuple[str, str]]:
    """Returns who said what: `user`, `tool`, or anything else."""
    if isinstance(value, str):
        return [("user", value)]
    turns: list[tuple[str, str]] = []
    for turn in value if isinstance(value, list) else ():
        if not isinstance(turn, dict):
            turns.append(("user", str(turn)))
            continue
        content = turn.get("content")
        is_result = turn.get("role") == "tool" or turn.get("type") == "function_call_output"
        is_result = is_result or (isinstance(content, list) and any(_is_result(part) for part in content))
        turns.append(("tool" if is_result else str(turn.get("role")), _texts(turn)))
    return turns


def _is_result(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "tool_result"


def _texts(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(filter(None, map(_texts, value)))
    if isinstance(value, dict):
        return " ".join(filter(None, (_texts(value.get(name)) for name in ("content", "text", "output"))))
    return ""


def _tool_name(tool: Any) -> str:
    inner = tool.get("function", tool) if isinstance(tool, dict) else {}
    return str(inner.get("name", "")) if isinstance(inner, dict) else ""


def _arguments(text: str | None) -> dict[str, Any]:
    try:
        arguments = json.loads(text or "{}")
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}


def _embeddings(request: dict[str, Any], model: str, input_tokens: int) -> dict[str, Any]:
    value, written = request.get("input"), _base64 if request.get("encoding_format") == "base64" else list
    texts = value if isinstance(value, list) and not all(isinstance(each, int) for each in value) else [value]
    data = [{"object": "embedding", "index": at, "embedding": written(_vector(str(text)))} for at, text in enumerate(texts)]
    return {"object": "list", "data": data, "model": model, "usage": {"prompt_tokens": input_tokens, "total_tokens": input_tokens}}


def _vector(text: str) -> list[float]:
    digest = hashlib.sha256(text.encode()).digest()
    return [byte / 127.5 - 1.0 for byte in digest[:DIMENSIONS]]


def _base64(vector: list[float]) -> str:
    """Writes a vector as OpenAI's Node SDK takes it by default: floats of 32 bits, the lowest byte first."""
    return b64encode(pack(f"<{len(vector)}f", *vector)).decode()


def _events(shape: Shape, said: Said, *, has_usage: bool) -> list[bytes]:
    told = shape.events(said, has_usage)
    events = [b"data: " + _encoded(event) + b"\n\n" for event in told]
    if shape.is_named:
        return [b"event: " + str(event["type"]).encode() + b"\n" + line for event, line in zip(told, events, strict=True)]
    return [*events, b"data: [DONE]\n\n"]


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)

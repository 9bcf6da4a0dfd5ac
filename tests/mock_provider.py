"""A stand-in for OpenAI and Anthropic that misbehaves on command. Standard library only.

Run it with `python -m tests.mock_provider [PORT]`, or as a file alone.

It answers chat completions, completions, responses, embeddings, messages and count_tokens below any prefix, streamed or not, always the
same: the text is `OUTPUT_WORDS` words (`mock-0 mock-1 ...`), input tokens are the words of the request's texts, output tokens the words of
the answer.

How it behaves comes from, in this order:

1. the request's header `x-mock`, such as `x-mock: fail status=503`;
2. what `PUT /admin/behaviour` left, such as `{"mode": "fail", "status": 503, "times": 2, "model": "", "key": ""}`: `times` 0 = until it is
   changed, `model` and `key` = only for requests with that model or key;
3. the model's name: `mock-fail`, `mock-slow`, `mock-stall`, `mock-break`, `mock-limit`, `mock-cut`, `mock-html`.

Modes: `ok`; `fail` answers `status` (503); `limit` answers 429 with `retryAfter` seconds (0); `stall` takes the request and never answers;
`slow` waits `delayMilliseconds` (500) before it answers and between events; `break` ends the connection after `events` (3) pieces of the
answer, and with `within` in the middle of the next one; `cut` ends it before the first byte; `html` answers 502 with a page; `move` answers
`status` (307) and sends whoever follows to `location`; `strict` answers 422 to `stream_options`; `empty` streams nothing. `words` sets the
length of the answer, `delayMilliseconds` a pause in every mode.

`GET /admin/requests` tells what came (path, query, headers, body), `DELETE /admin/requests` forgets it and the behaviour, `GET /healthz` is
for probes.
"""

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

OUTPUT_WORDS = 8
KEPT_REQUESTS = 1000
Json = dict[str, Any]


class Mock:
    """One server. `await start()`, then `url`; `await stop()` at the end."""

    def __init__(self) -> None:
        self.requests: list[Json] = []
        self.behaviour: Json = {}
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> "Mock":
        self._server = await asyncio.start_server(self._connection, host, port, limit=2**24, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self._server.wait_closed()
            self._server = None

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").split("\r\n")
                method, path, _ = lines[0].split(" ", 2)
                headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
                body = await _body(reader, headers)
                await self._answer(writer, method, path, headers, body)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, _EndedError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _answer(self, writer: asyncio.StreamWriter, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        path, _, query = path.partition("?")
        if path.startswith("/admin/") or path == "/healthz":
            await _send(writer, 200, self._admin(method, path, body))
            return
        if method == "GET":
            await _send(writer, 200, {"object": "list", "data": [{"id": "mock", "object": "model", "created": 0, "owned_by": "mock"}]})
            return
        request: Json = json.loads(body)
        self.requests = [*self.requests[1 - KEPT_REQUESTS :], {"path": path, "query": query, "headers": headers, "body": request}]
        behaviour = self._behaviour_for(headers, request)
        if behaviour["mode"] == "strict" and "stream_options" in request:
            detail = {"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}
            await _send(writer, 422, {"object": "error", "message": {"detail": [detail]}})
            return
        await _behave(writer, behaviour, path)
        words = int(behaviour.get("words", OUTPUT_WORDS))
        if request.get("stream") and not path.endswith(("embeddings", "count_tokens")):
            await _stream(writer, behaviour, [event async for event in _events(path, request, words)])
        else:
            await _send(
                writer,
                200,
                _whole(path, request, words),
                break_after=int(behaviour.get("events", 3)) if behaviour["mode"] == "break" else None,
            )

    def _admin(self, method: str, path: str, body: bytes) -> Any:
        if path == "/admin/behaviour" and method == "PUT":
            self.behaviour = json.loads(body)
        if path == "/admin/requests" and method == "DELETE":
            self.requests, self.behaviour = [], {}
        return self.requests if path == "/admin/requests" else {"behaviour": self.behaviour, "requests": len(self.requests)}

    def _behaviour_for(self, headers: dict[str, str], request: Json) -> Json:
        if "x-mock" in headers:
            mode, *settings = headers["x-mock"].split()
            return {"mode": mode, **dict(setting.split("=", 1) for setting in settings)}
        behaviour, model = self.behaviour, str(request.get("model", ""))
        key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if behaviour.get("mode") and behaviour.get("model", "") in ("", model) and behaviour.get("key", "") in ("", key):
            if behaviour.get("times"):
                left = behaviour["times"] - 1
                self.behaviour = {**behaviour, "times": left} if left else {}
            return behaviour
        _, dash, mode = model.partition("mock-")
        return {"mode": mode if dash and mode in ("fail", "slow", "stall", "break", "limit", "cut", "html") else "ok"}


class _EndedError(Exception):
    """The connection is over."""


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" not in headers.get("transfer-encoding", ""):
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def _behave(writer: asyncio.StreamWriter, behaviour: Json, path: str) -> None:
    """Does what comes before an answer; raises when there will be none."""
    mode = behaviour["mode"]
    if mode == "stall":
        await asyncio.Event().wait()
    delay = float(behaviour.get("delayMilliseconds", 500 if mode == "slow" else 0))
    if delay:
        await asyncio.sleep(delay / 1000)
    if mode == "cut":
        raise _EndedError
    if mode == "html":
        await _send(writer, 502, b"<html>Bad gateway</html>", "text/html")
        raise _EndedError
    if mode == "move":
        await _send(writer, int(behaviour.get("status", 307)), {"moved": True}, extra={"location": str(behaviour["location"])})
        raise _EndedError
    status = 429 if mode == "limit" else int(behaviour.get("status", 503)) if mode == "fail" else 0
    if status:
        error = {"message": f"mock answers {status}", "type": "mock_error", "code": None, "param": None}
        told = {"type": "error", "error": error} if "messages" in path else {"error": error}
        retry = {"retry-after": str(behaviour.get("retryAfter", 0))} if mode == "limit" else {}
        await _send(writer, status, told, extra=retry)
        raise _EndedError


async def _send(
    writer: asyncio.StreamWriter,
    status: int,
    body: Any,
    kind: str = "application/json",
    break_after: int | None = None,
    extra: dict[str, str] | None = None,
) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": kind, "content-length": str(len(data)), "x-request-id": "req_mock", **(extra or {})}
    head = f"HTTP/1.1 {status} Mock\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    if break_after is not None:
        writer.write(head.encode() + data[: len(data) // 2])
        await writer.drain()
        raise _EndedError
    writer.write(head.encode() + data)
    await writer.drain()


async def _stream(writer: asyncio.StreamWriter, behaviour: Json, events: list[bytes]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n")
    for number, event in enumerate(events if behaviour["mode"] != "empty" else []):
        if behaviour["mode"] == "break" and number == int(behaviour.get("events", 3)):
            half = event[: len(event) // 2]
            writer.write(f"{len(half):x}\r\n".encode() + half + b"\r\n" if behaviour.get("within") else b"")
            await writer.drain()
            raise _EndedError
        writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
        if behaviour["mode"] == "slow":
            await writer.drain()
            await asyncio.sleep(float(behaviour.get("delayMilliseconds", 500)) / 1000)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def _texts(value: Any) -> str:
    """All texts in messages, input or prompt."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(_texts(each) for each in value)
    if isinstance(value, dict):
        return " ".join(_texts(value[name]) for name in ("content", "text", "input") if name in value)
    return ""


def _input_tokens(request: Json) -> int:
    return max(1, sum(len(_texts(request.get(name)).split()) for name in ("messages", "input", "prompt", "system", "instructions")))


def _words(count: int) -> list[str]:
    return [f"mock-{number} " for number in range(count)]


def _openai_usage(request: Json, words: int) -> Json:
    tokens = _input_tokens(request)
    return {
        "prompt_tokens": tokens,
        "completion_tokens": words,
        "total_tokens": tokens + words,
        "prompt_tokens_details": {"cached_tokens": 0},
    }


def _whole(path: str, request: Json, words: int) -> Json:
    model, text, tokens = request.get("model"), "".join(_words(words)).strip(), _input_tokens(request)
    if path.endswith("/count_tokens"):
        return {"input_tokens": tokens}
    if path.endswith("/messages"):
        usage = {"input_tokens": tokens, "output_tokens": words, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
        return _message(model, [{"type": "text", "text": text}], "end_turn", usage)
    if path.endswith("/embeddings"):
        texts = request["input"] if isinstance(request["input"], list) else [request["input"]]
        data = [{"object": "embedding", "index": at, "embedding": [0.5, -0.25, float(at)]} for at, _ in enumerate(texts)]
        return {"object": "list", "model": model, "data": data, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
    if path.endswith("/responses"):
        return _response(request, "completed", [_item(text)], words)
    if path.endswith("/chat/completions"):
        message = {"role": "assistant", "content": text, "refusal": None}
        choice: Json = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {
            "id": "chatcmpl-mock",
            "object": "chat.completion",
            "created": 0,
            "model": model,
            "choices": [choice],
            "usage": _openai_usage(request, words),
        }
    choice = {"index": 0, "text": text, "finish_reason": "stop", "logprobs": None}
    return {
        "id": "cmpl-mock",
        "object": "text_completion",
        "created": 0,
        "model": model,
        "choices": [choice],
        "usage": _openai_usage(request, words),
    }


def _message(model: Any, content: list[Json], reason: str | None, usage: Json) -> Json:
    kept = {"id": "msg_mock", "type": "message", "role": "assistant", "model": model}
    return {**kept, "content": content, "stop_reason": reason, "stop_sequence": None, "usage": usage}


def _item(text: str, status: str = "completed") -> Json:
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}] if text else []
    return {"type": "message", "id": "msg_mock", "status": status, "role": "assistant", "content": content}


def _response(request: Json, status: str, output: list[Json], words: int) -> Json:
    tokens = _input_tokens(request)
    usage: Json = {"input_tokens": tokens, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": words}
    usage |= {"output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": tokens + words}
    kept = {
        "id": "resp_mock",
        "object": "response",
        "created_at": 0,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
    }
    kept |= {"parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0}
    return {**kept, "model": request.get("model"), "status": status, "output": output, "usage": usage if status == "completed" else None}


async def _events(path: str, request: Json, words: int) -> AsyncIterator[bytes]:
    make = _message_events if path.endswith("/messages") else _response_events if path.endswith("/responses") else _chunks
    for event in make(path, request, words):
        name = f"event: {event['type']}\n" if "type" in event else ""
        yield f"{name}data: {json.dumps(event)}\n\n".encode()
    if make is _chunks:
        yield b"data: [DONE]\n\n"


def _chunks(path: str, request: Json, words: int) -> list[Json]:
    is_chat = path.endswith("/chat/completions")
    kept = {"id": "mock", "object": "chat.completion.chunk" if is_chat else "text_completion", "created": 0, "model": request.get("model")}
    wants_usage = (request.get("stream_options") or {}).get("include_usage")
    extra: Json = {"usage": None} if wants_usage else {}
    pieces = [({"delta": {"content": word}} if is_chat else {"text": word}) for word in _words(words)]
    if is_chat:
        pieces.insert(0, {"delta": {"role": "assistant", "content": ""}})
    chunks = [{**kept, "choices": [{"index": 0, "finish_reason": None, "logprobs": None, **piece}], **extra} for piece in pieces]
    last: Json = {"delta": {}} if is_chat else {"text": ""}
    chunks.append({**kept, "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None, **last}], **extra})
    if wants_usage:
        chunks.append({**kept, "choices": [], "usage": _openai_usage(request, words)})
    return chunks


def _message_events(path: str, request: Json, words: int) -> list[Json]:
    usage = {"input_tokens": _input_tokens(request), "output_tokens": 1, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    deltas = [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}} for word in _words(words)]
    return [
        {"type": "message_start", "message": _message(request.get("model"), [], None, usage)},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *deltas,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": words}},
        {"type": "message_stop"},
    ]


def _response_events(path: str, request: Json, words: int) -> list[Json]:
    at = {"item_id": "msg_mock", "output_index": 0, "content_index": 0}
    text = "".join(_words(words)).strip()
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    events: list[Json] = [
        {"type": "response.created", "response": _response(request, "in_progress", [], words)},
        {"type": "response.in_progress", "response": _response(request, "in_progress", [], words)},
        {"type": "response.output_item.added", "output_index": 0, "item": _item("", "in_progress")},
        {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
        *({"type": "response.output_text.delta", **at, "delta": word, "logprobs": []} for word in _words(words)),
        {"type": "response.output_text.done", **at, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **at, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": _item(text)},
        {"type": "response.completed", "response": _response(request, "completed", [_item(text)], words)},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


async def main(port: int) -> None:
    mock = await Mock().start("0.0.0.0", port)
    print(f"mock provider listens on {mock.port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8000))

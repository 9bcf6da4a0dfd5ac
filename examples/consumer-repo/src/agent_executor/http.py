"""`/health`, `/ready` and `/results/ID`."""

import asyncio
import json
from contextlib import suppress
from typing import Final
from urllib.parse import unquote

from agent_executor.results import UNREACHABLE, Results
from agent_executor.worker import Worker

REQUEST_SECONDS: Final = 10.0
"""How long one request may take, from its first byte to our last."""

PREFIX: Final = "/results/"


class Pages:
    """Answers HTTP. Liveness says only that the event loop turns: a store or queue that is away is no reason to restart the pod."""

    def __init__(self, worker: Worker, results: Results) -> None:
        self._worker = worker
        self._results = results

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one request and closes the connection."""
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(REQUEST_SECONDS):
                words = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)
                status, body = await self.answer(words[1].decode(errors="replace") if len(words) == 3 else "")
                content = body.encode()
                writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n".encode())
                writer.write(b"Connection: close\r\n\r\n" + content)
                await writer.drain()
        writer.close()

    async def answer(self, path: str) -> tuple[str, str]:
        """Status and JSON for a path."""
        if path == "/health":
            return "200 OK", json.dumps({"alive": True})
        if path == "/ready":
            is_ready = self._worker.is_ready
            return ("200 OK" if is_ready else "503 Service Unavailable"), json.dumps({"ready": is_ready})
        if path.startswith(PREFIX):
            return await self._result(unquote(path.removeprefix(PREFIX)))
        return "404 Not Found", json.dumps({"error": f"no page {path}"})

    async def _result(self, request_id: str) -> tuple[str, str]:
        try:
            found = await self._results.find(request_id)
        except UNREACHABLE as error:
            return "503 Service Unavailable", json.dumps({"error": f"the store is away: {error}"})
        if found is None:
            return "404 Not Found", json.dumps({"error": f"no result {request_id}"})
        return "200 OK", found

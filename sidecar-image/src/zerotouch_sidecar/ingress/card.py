"""The A2A card of an agent that has none of its own."""

import hashlib
import json
from typing import Any, Final

from zerotouch_sidecar.config.structs import Card
from zerotouch_sidecar.http.message import Headers, Request, Responder

PATH: Final = b"/.well-known/agent-card.json"
ABSENT: Final = frozenset((404, 405, 501))
"""What an agent answers that has no card."""


def document(card: Card) -> dict[str, Any]:
    """An A2A 1.0 AgentCard."""
    return {
        "name": card.name,
        "description": card.description,
        "version": card.version,
        "supportedInterfaces": [{"url": card.url, "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"}],
        "capabilities": {"streaming": False, "pushNotifications": False},
        "defaultInputModes": ["text/plain", "application/json"],
        "defaultOutputModes": ["text/plain", "application/json"],
        "skills": card.skills,
    }


class CardAnswer:
    """A card, ready to be sent."""

    def __init__(self, card: Card) -> None:
        self._body = json.dumps(document(card)).encode()
        self._etag = b'"%b"' % hashlib.sha256(self._body).hexdigest()[:16].encode()

    async def send(self, request: Request, responder: Responder, more: Headers) -> int:
        """Answers with the card, or with 304 to who has it already; returns the status."""
        headers = [(b"etag", self._etag), (b"cache-control", b"max-age=60"), *more]
        if self._etag in (request.header(b"if-none-match") or b""):
            await responder.send(304, headers)
            return 304
        await responder.send(200, [(b"content-type", b"application/json"), *headers], self._body)
        return 200

"""Errors as RFC 9457 problem details."""

import json
from http import HTTPStatus
from typing import Final

from zerotouch_sidecar.http.message import Headers

HEADERS: Final[Headers] = [(b"content-type", b"application/problem+json")]


def problem(status: int, detail: str) -> bytes:
    """What went wrong, for programs and for people."""
    title = HTTPStatus(status).phrase
    return json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()

"""Errors as RFC 9457 problem details."""

import json
from http import HTTPStatus
from typing import Final

from zerotouch_sidecar.http.message import Headers

TITLES: Final = {status.value: status.phrase for status in HTTPStatus}
HEADERS: Final[Headers] = [(b"content-type", b"application/problem+json")]

MISTAKE: Final = "the sidecar made a mistake; its log says more"
"""Detail of a 500 that nothing outside the sidecar explains."""


def problem(status: int, detail: str) -> bytes:
    """What went wrong, for programs and for people. A status that nobody has registered has no title."""
    title = {"title": TITLES[status]} if status in TITLES else {}
    return json.dumps({"type": "about:blank", **title, "status": status, "detail": detail}).encode()

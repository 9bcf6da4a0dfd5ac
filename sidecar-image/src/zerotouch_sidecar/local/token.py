"""The pod's token: what the agent shows so that nothing else on the loopback is served."""

import secrets

from zerotouch_sidecar.http.message import Request


def shows(request: Request, token: str) -> bool:
    """Whether a request shows the token, where either SDK puts its key."""
    scheme, _, bearer = (request.header(b"authorization") or b"").partition(b" ")
    shown = (bearer if scheme.lower() == b"bearer" else b"", request.header(b"x-api-key") or b"")
    return any(secrets.compare_digest(each.strip(), token.encode()) for each in shown)

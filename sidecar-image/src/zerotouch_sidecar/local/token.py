"""The pod's token: what the agent shows so that nothing else on the loopback is served."""

import secrets

from zerotouch_sidecar.http.message import Request


def shows(request: Request, token: str) -> bool:
    """Whether a request shows the token, where either SDK puts its key."""
    scheme, _, bearer = (request.header(b"authorization") or b"").partition(b" ")
    shown, wanted = bearer if scheme.lower() == b"bearer" else b"", token.encode()
    if secrets.compare_digest(shown.strip(), wanted):
        return True
    return secrets.compare_digest((request.header(b"x-api-key") or b"").strip(), wanted)

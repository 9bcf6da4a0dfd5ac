"""Whom we trust when we call others."""

import ssl


def client_context(ca_file: str = "") -> ssl.SSLContext:
    """A context that checks certificates against a file of authorities; empty: the system's. Reads files: not on the loop.

    Raises:
        OSError: The file cannot be read, or holds no certificate (`ssl.SSLError`).
    """
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context

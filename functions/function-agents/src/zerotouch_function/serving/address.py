"""An address that the function listens on."""

import socket
from typing import Final

from zerotouch_function.serving.options import StartError

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  # what is asked for is compared with these
"""Hosts that stand for all of a machine's addresses, of IPv4 and IPv6 alike, to gRPC and so to us."""


def listen(address: str, option: str) -> socket.socket:
    """A socket that listens on `host:port`.

    Raises:
        StartError: The address has no port, or cannot be listened on.
    """
    host, _, port = address.rpartition(":")
    is_version_6 = host.startswith("[") and host.endswith("]")
    if not host or (":" in host and not is_version_6) or not port.isdecimal() or int(port) > 65535:
        raise StartError(option, f'"{address}" is not an address', "write host:port, such as 0.0.0.0:9443 or [::]:9443")
    host = host.strip("[]")
    try:
        if host in EVERYWHERE and socket.has_dualstack_ipv6():
            return socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
        return socket.create_server((host, int(port)), family=socket.AF_INET6 if is_version_6 else socket.AF_INET)
    except OSError as error:
        raise StartError(f"{option} {address}", f"cannot be listened on: {error}", "free it, or choose another") from error

"""An address that the function listens on."""

import socket

from zerotouch_function.serving.options import StartError


def listen(address: str, option: str) -> socket.socket:
    """A socket that listens on `host:port`.

    Raises:
        StartError: The address has no port, or cannot be listened on.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise StartError(option, f'"{address}" is not an address', "write host:port, such as 0.0.0.0:9443")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=family)
    except OSError as error:
        raise StartError(f"{option} {address}", f"cannot be listened on: {error}", "free it, or choose another") from error

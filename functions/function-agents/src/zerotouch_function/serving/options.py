"""How the function is started: what the command line says, checked before anything is served."""

from pathlib import Path

from msgspec import Struct


class Options(Struct, frozen=True):
    """What the server needs to know.

    Attributes:
        address: Where to serve Crossplane, as `host:port`.
        certificates: Folder with `tls.crt`, `tls.key` and `ca.crt`; None serves without TLS.
        max_request_bytes: Larger requests are answered with RESOURCE_EXHAUSTED before they are read.
        metrics_address: Where to serve Prometheus, as `host:port`; empty serves no metrics.
    """

    address: str
    certificates: Path | None
    max_request_bytes: int
    metrics_address: str


class StartError(Exception):
    """The function cannot start; the platform engineer can mend it.

    Args:
        field: The option or file that is wrong.
        problem: What is wrong, as the end of the sentence that the field begins.
        remedy: What to do about it.
    """

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        self.field = field
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{field}: {problem}; {remedy}")


def port_of(address: str, option: str) -> int:
    """The port in `host:port`.

    Raises:
        StartError: The address has no port.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise StartError(option, f'"{address}" is not an address', "write host:port, such as 0.0.0.0:9443")
    return int(port)

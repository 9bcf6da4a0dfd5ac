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
        unread_bytes: Answers that their callers have not read, all together.
    """

    address: str
    certificates: Path | None
    max_request_bytes: int
    metrics_address: str
    unread_bytes: int


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

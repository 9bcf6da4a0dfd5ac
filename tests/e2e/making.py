"""What the fixtures that make things look like to a test."""

from collections.abc import Sequence
from typing import Protocol

from tests.e2e.claims import Claim
from tests.e2e.cluster import Manifest
from tests.e2e.namespace import Namespace
from tests.e2e.streams import Queue


class MakeNamespace(Protocol):
    """Makes a namespace; one without a name gets one of its own."""

    def __call__(self, name: str = "", *, pod_security: str = "restricted") -> Namespace: ...


class MakeQueue(Protocol):
    """Makes a stream with one durable consumer; one without a name gets one of its own."""

    def __call__(self, stream: str = "", consumer: str = "workers") -> Queue: ...


class MakeClaims(Protocol):
    """Creates claims of one spec in the shared namespace, all at once, and does not wait for them."""

    def __call__(self, names: Sequence[str], fields: Manifest) -> list[Claim]: ...


class ReadyClaim(Protocol):
    """Creates a claim for version 1 of the workload on the test's own queue, and waits until it is ready."""

    def __call__(self, name: str, *, scaling: Manifest | None = None) -> Claim: ...

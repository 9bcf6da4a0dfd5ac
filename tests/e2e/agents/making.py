"""What the fixtures that make things look like to a test of agents."""

from typing import Protocol

from tests.e2e.agents.killer import Killer
from tests.e2e.claims import Claim
from tests.e2e.cluster import Manifest


class MakeAgent(Protocol):
    """Creates an agent of that spec in the agents' namespace."""

    def __call__(self, name: str, fields: Manifest) -> Claim: ...


class MakeKiller(Protocol):
    """Starts a killer on that node, from an image with Python."""

    def __call__(self, image: str, node: str) -> Killer: ...

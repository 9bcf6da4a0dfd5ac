"""What the fixture that makes agents looks like to a test."""

from typing import Protocol

from tests.e2e.claims import Claim
from tests.e2e.cluster import Manifest


class MakeAgent(Protocol):
    """Creates an agent of that spec in the agents' namespace."""

    def __call__(self, name: str, fields: Manifest) -> Claim: ...

"""The API group that claims are written in."""

from typing import Final

GROUP: Final = "platform.bizmatters.io"
"""API group of every claim and composite resource."""

VERSION: Final = "v1alpha1"
"""The version that claims are written in today."""

NAMED_KINDS: Final = ("AgentExecutor", "AgentType")
"""Kinds whose claims become a Deployment and a Service of the claim's name: of these, only one claim in a namespace can have a name."""

COMPOSITE_PREFIX: Final = "X"
"""What the kind of a claim's composite resource begins with."""

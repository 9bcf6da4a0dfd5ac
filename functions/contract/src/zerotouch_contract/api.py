"""The API group that claims are written in."""

from typing import Final

GROUP: Final = "platform.bizmatters.io"
"""API group of every claim and composite resource."""

VERSION: Final = "v1alpha1"
"""The version that claims are written in today."""

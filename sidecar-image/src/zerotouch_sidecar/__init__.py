"""The agent's sidecar: the way in, the way to models, and what is seen of both."""

from typing import Final

VERSION: Final = "0.1.0"
"""The release, as in pyproject.toml."""

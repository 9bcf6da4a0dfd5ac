"""What the function is measured against: equal requests, and as far as they can, equal answers."""

from pathlib import Path
from typing import Final

COMPOSITION: Final = Path(__file__).parent / "patch_and_transform" / "composition.yaml"
"""The Composition that makes function-patch-and-transform compose an AgentExecutor."""

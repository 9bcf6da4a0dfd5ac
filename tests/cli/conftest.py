"""What several tests of the command line start from."""

from pathlib import Path

import pytest

from tests.cli.running import claim, written


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with one agent's claim."""
    return written(tmp_path, claim())

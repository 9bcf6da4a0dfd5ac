"""The size of an image over its base is that of what our Dockerfiles add."""

import re
from pathlib import Path
from typing import Final

import pytest

from benchmarks.image import OWN_LAYERS, sizes_mb
from tests.archives import write_archive

ROOT: Final = Path(__file__).parents[2]
MEASURED: Final = ("functions/function-agents/Dockerfile", "sidecar-image/Dockerfile")


@pytest.mark.parametrize("dockerfile", MEASURED)
def test_each_layer_over_the_base_is_counted(dockerfile: str) -> None:
    _, _, last_stage = (ROOT / dockerfile).read_text().rpartition("\nFROM ")
    assert len(re.findall(r"^(?:RUN|COPY|ADD) ", last_stage, re.MULTILINE)) == OWN_LAYERS


def test_base_and_own_layers_are_the_whole_image(tmp_path: Path) -> None:
    base, own = bytes(range(256)) * 4096, b"x"
    write_archive(tmp_path / "image.tar", [base, *[own] * OWN_LAYERS])
    own_mb, base_mb = sizes_mb(tmp_path / "image.tar")
    assert 0 < own_mb < base_mb

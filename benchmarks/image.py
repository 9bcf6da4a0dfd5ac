"""The size of the image, as a registry stores it: each layer compressed."""

import gzip
import json
import tarfile
from pathlib import Path
from typing import Final

ARCHIVE: Final = Path(__file__).parents[1] / "build" / "function-agents-image.tar"
OWN_LAYERS: Final = 3
"""Layers that our Dockerfiles add to their base: one that removes pip, one with the program, one with the standard library's bytecode."""


def sizes_mb(archive: Path = ARCHIVE) -> tuple[float, float]:
    """Compressed size of what we add, and of the base below it."""
    with tarfile.open(archive) as image:
        layers = [read(image, name) for name in json.loads(read(image, "manifest.json"))[0]["Layers"]]
    sizes = [len(layer if layer.startswith(b"\x1f\x8b") else gzip.compress(layer, compresslevel=6)) / 2**20 for layer in layers]
    return sum(sizes[-OWN_LAYERS:]), sum(sizes[:-OWN_LAYERS])


def read(image: tarfile.TarFile, name: str) -> bytes:
    file = image.extractfile(name)
    assert file is not None, f"{name} is not in the archive"
    return file.read()

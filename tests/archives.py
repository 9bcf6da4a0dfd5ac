"""Docker archives as builders write them, without a builder."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def entry(name: str, content: bytes = b"", *, time: float = 0, **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    """One file of a layer; further fields are those of its header."""
    member = tarfile.TarInfo(name)
    member.size, member.mtime = len(content), time
    for field, value in fields.items():
        setattr(member, field, value)
    return member, content


def layer(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A tar file of these."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member, content in entries:
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def write_archive(path: Path, layers: Sequence[bytes], *, is_compressed: bool = False, config: Mapping[str, Any] | None = None) -> None:
    """The image of these layers; `config` overrides parts of its configuration."""
    parts = [gzip.compress(part) if is_compressed else part for part in layers]
    diff_ids = [f"sha256:{hashlib.sha256(part).hexdigest()}" for part in layers]
    described = {"architecture": "amd64", "config": {}, "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}, **(config or {})}
    names = [f"blobs/{number}" for number in range(len(parts))]
    manifest = [{"Config": "config.json", "RepoTags": ["example.org/image:v1"], "Layers": names}]
    files = {**dict(zip(names, parts, strict=True)), "config.json": as_json(described), "manifest.json": as_json(manifest)}
    path.write_bytes(layer(*(entry(name, content) for name, content in files.items())))


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()

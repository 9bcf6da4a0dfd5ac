"""Rewrites a docker archive in place so that the same files always give the same bytes.

    python3 hack/reproducible_image.py IMAGE.tar

Builders write the time of the build into files, layers and the image's history. Here no time is later than
SOURCE_DATE_EPOCH. A layer in which nothing is later stays as it is, so those of a released base image keep their digests.
"""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

EPOCH_SECONDS: Final = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
"""Seconds since 1970. No time in the image is later."""

PAX_TIMES: Final = {"mtime", "atime", "ctime"}
"""Extended tar headers that hold times with fractions of a second."""


def main() -> int:
    path = Path(sys.argv[1])
    files = read_archive(path)
    (image,) = json.loads(files["manifest.json"])
    layers = [clamp_layer(uncompressed(files[name])) for name in image["Layers"]]
    config = as_json(clamp_config(json.loads(files[image["Config"]]), layers))
    write_archive(path, tags=image["RepoTags"], config=config, layers=layers)
    print(f"{path}: image sha256:{sha256(config)}", file=sys.stderr)
    return 0


def read_archive(path: Path) -> dict[str, bytes]:
    """The archive's files by name, links between them followed."""
    files: dict[str, bytes] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            file = None if member.isdir() else archive.extractfile(member)
            if file:
                files[member.name] = file.read()
    return files


def uncompressed(layer: bytes) -> bytes:
    return gzip.decompress(layer) if layer.startswith(b"\x1f\x8b") else layer


def clamp_layer(layer: bytes) -> bytes:
    """The layer with no file newer than the epoch; the same bytes if none was."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(layer)) as source:
        members = source.getmembers()
        if all(member.mtime <= EPOCH_SECONDS for member in members):
            return layer
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as target:
            for member in members:
                member.mtime = min(int(member.mtime), EPOCH_SECONDS)
                member.pax_headers = {k: v for k, v in member.pax_headers.items() if k not in PAX_TIMES}
                target.addfile(member, source.extractfile(member) if member.isreg() else None)
    return out.getvalue()


def clamp_config(config: Mapping[str, Any], layers: list[bytes]) -> dict[str, Any]:
    """The image's configuration for these layers, without what differs between two builds."""
    kept = {key: value for key, value in config.items() if key not in ("container", "container_config", "docker_version")}
    return {
        **kept,
        "config": {key: value for key, value in config["config"].items() if key not in ("Hostname", "Image")},
        "created": clamp_time(config.get("created", "")),
        "history": [clamp_entry(entry) for entry in config.get("history", [])],
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(layer)}" for layer in layers]},
    }


def clamp_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One step of the history. Its comment names intermediate images, which are others on each machine."""
    return {**{key: value for key, value in entry.items() if key != "comment"}, "created": clamp_time(entry.get("created", ""))}


def clamp_time(text: str) -> str:
    epoch = datetime.fromtimestamp(EPOCH_SECONDS, UTC)
    written = datetime.fromisoformat(text) if text else epoch
    return f"{min(written, epoch).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def write_archive(path: Path, *, tags: list[str], config: bytes, layers: list[bytes]) -> None:
    names = [f"{sha256(layer)}.tar" for layer in layers]
    manifest = [{"Config": f"{sha256(config)}.json", "RepoTags": tags, "Layers": names}]
    files = {f"{sha256(config)}.json": config, **dict(zip(names, layers, strict=True)), "manifest.json": as_json(manifest)}
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), EPOCH_SECONDS
            archive.addfile(member, io.BytesIO(content))


def as_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())

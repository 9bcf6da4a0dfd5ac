"""hack/reproducible_image.py: the same files give the same bytes, whenever and however a builder wrote them."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from tests.archives import entry, layer, write_archive

ROOT: Final = Path(__file__).parents[1]
EPOCH_SECONDS: Final = 1735689600
EPOCH: Final = "2025-01-01T00:00:00Z"
LATER_SECONDS: Final = 3600.25
"""How much later than the epoch a builder works. Extended headers hold the fraction."""

BASE: Final = layer(entry("etc/os-release", b"trixie", time=EPOCH_SECONDS - 1000.5))
"""A layer of a released image: older than the epoch."""


def built(seconds_later: float, *, hostname: str = "builder", comment: str = "by hand", created: str = EPOCH) -> dict[str, Any]:
    """An image whose own layer is that much later than the epoch."""
    time = EPOCH_SECONDS + seconds_later
    ours = layer(
        entry("app", mode=0o755, type=tarfile.DIRTYPE, time=time),
        entry("app/run", b"print(1)", mode=0o555, uid=65532, gid=65532, time=time),
        entry("app/link", type=tarfile.SYMTYPE, linkname="run", time=time),
        entry("app/same", type=tarfile.LNKTYPE, linkname="app/run", time=time),
    )
    config = {
        "config": {"User": "65532:65532", "Hostname": hostname, "Image": f"sha256:{hostname}"},
        "container": hostname,
        "container_config": {"Hostname": hostname},
        "docker_version": hostname,
        "created": created,
        "history": [
            {"created": "2024-12-01T00:00:00Z", "created_by": "base"},
            {"created": created, "created_by": "COPY", "comment": comment},
        ],
    }
    return {"layers": [BASE, ours], "config": config}


def rewritten(path: Path, layers: Sequence[bytes], **options: Any) -> bytes:
    write_archive(path, layers, **options)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH_SECONDS)}
    command = [sys.executable, "hack/reproducible_image.py", str(path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    (image,) = json.loads(files(path.read_bytes())["manifest.json"])
    assert done.stderr == f"{path}: image sha256:{image['Config'].removesuffix('.json')}\n"
    return path.read_bytes()


def files(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {member.name: opened.extractfile(member).read() for member in opened if member.isreg()}  # type: ignore[union-attr]  # a file


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("reason", "other"),
    [
        ("its files are of another hour", built(2 * LATER_SECONDS)),
        ("it was created at another time", built(LATER_SECONDS, created="2025-03-01T12:00:00.123456+01:00")),
        ("another machine built it", built(LATER_SECONDS, hostname="another")),
        ("another cache was used", built(LATER_SECONDS, comment="from sha256:1234")),
        (
            "its configuration is in another order",
            {**built(LATER_SECONDS), "config": dict(reversed(built(LATER_SECONDS)["config"].items()))},
        ),
        ("its layers are compressed", {**built(LATER_SECONDS), "is_compressed": True}),
    ],
)
def test_two_builds_of_the_same_files_are_the_same_bytes_though(reason: str, other: dict[str, Any], tmp_path: Path) -> None:
    assert rewritten(tmp_path / "image.tar", **other) == rewritten(tmp_path / "image.tar", **built(LATER_SECONDS)), reason


@pytest.mark.parametrize(
    "changed",
    [
        {"layers": [BASE, layer(entry("app/run", b"print(2)", time=EPOCH_SECONDS))]},
        {"layers": [BASE, layer(entry("app/run", b"print(1)", mode=0o777, time=EPOCH_SECONDS))]},
        {"layers": [BASE, layer(entry("app/run", b"print(1)", uid=1, time=EPOCH_SECONDS))]},
        {"layers": [layer(entry("app/run", b"print(1)", time=EPOCH_SECONDS)), BASE]},
        {"layers": [BASE, layer(entry("app/run", b"print(1)", time=EPOCH_SECONDS))], "config": {"config": {"User": "0"}}},
    ],
)
def test_builds_of_other_files_are_not(changed: dict[str, Any], tmp_path: Path) -> None:
    image = rewritten(tmp_path / "image.tar", [BASE, layer(entry("app/run", b"print(1)", time=EPOCH_SECONDS))])
    assert rewritten(tmp_path / "image.tar", **changed) != image


def test_no_time_is_later_than_the_epoch_and_nothing_else_changes(tmp_path: Path) -> None:
    before = built(LATER_SECONDS, created="2025-03-01T12:00:00Z")
    written = files(rewritten(tmp_path / "image.tar", **before))
    (image,) = json.loads(written["manifest.json"])
    (_, ours), (_, given) = [[written[name] for name in image["Layers"]], before["layers"]]
    kept = ("name", "mode", "uid", "gid", "size", "type", "linkname")
    with tarfile.open(fileobj=io.BytesIO(ours)) as now, tarfile.open(fileobj=io.BytesIO(given)) as then:
        assert [member.mtime for member in now] == [EPOCH_SECONDS] * 4
        assert not any(member.pax_headers for member in now), "no fractions of a second"
        assert [[getattr(member, field) for field in kept] for member in now] == [[getattr(m, field) for field in kept] for m in then]
    assert files(ours)["app/run"] == b"print(1)"


def test_the_configuration_says_what_the_image_does_and_not_who_built_it(tmp_path: Path) -> None:
    written = files(rewritten(tmp_path / "image.tar", **built(LATER_SECONDS, created="2025-03-01T12:00:00Z")))
    (image,) = json.loads(written["manifest.json"])
    layers = [written[name] for name in image["Layers"]]
    assert json.loads(written[image["Config"]]) == {
        "architecture": "amd64",
        "os": "linux",
        "config": {"User": "65532:65532"},
        "created": EPOCH,
        "history": [{"created": "2024-12-01T00:00:00Z", "created_by": "base"}, {"created": EPOCH, "created_by": "COPY"}],
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(part)}" for part in layers]},
    }
    assert image["Config"] == f"{sha256(written[image['Config']])}.json", "a container engine finds it by its digest"
    assert image["RepoTags"] == ["example.org/image:v1"]


def test_a_layer_of_a_released_image_keeps_its_digest(tmp_path: Path) -> None:
    written = files(rewritten(tmp_path / "image.tar", **built(LATER_SECONDS)))
    (image,) = json.loads(written["manifest.json"])
    assert image["Layers"][0] == f"{sha256(BASE)}.tar"
    assert written[image["Layers"][0]] == BASE


def test_what_is_rewritten_stays_as_it_is(tmp_path: Path) -> None:
    once = rewritten(tmp_path / "image.tar", **built(LATER_SECONDS))
    command = [sys.executable, "hack/reproducible_image.py", str(tmp_path / "image.tar")]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH_SECONDS)}, check=True)
    assert (tmp_path / "image.tar").read_bytes() == once

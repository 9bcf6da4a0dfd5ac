"""The images, as far as they show without being built."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.checkouts import make_checkout

ROOT: Final = Path(__file__).parents[1]
COMPILES: Final = re.compile(r"RUN /app/bin/python -B -c '([^']+)'\s*\| python3 -B -m compileall [^\n]* -i -\n")


@pytest.mark.parametrize(
    ("dockerfile", "modules"),
    [
        ("functions/function-agents/Dockerfile", ("argparse", "logging", "threading")),
        ("sidecar-image/Dockerfile", ("argparse", "asyncio", "ssl")),
    ],
)
def test_an_image_compiles_what_a_start_imports_of_the_standard_library(dockerfile: str, modules: tuple[str, ...]) -> None:
    instructions = (ROOT / dockerfile).read_text().replace("\\\n", "")
    (program,) = COMPILES.findall(instructions)
    listed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.splitlines()
    for module in modules:
        assert __import__(module).__file__ in listed
    assert all(Path(file).is_file() for file in listed)


def folders_built_from(checkout: Path, umask: int) -> dict[str, tuple[int, float]]:
    """Mode and time of each file that a builder gets from a checkout made with this umask."""
    make_checkout(checkout, umask=umask)
    (checkout / "built").mkdir()
    environment = {
        **os.environ,
        "PATH": f"{checkout / '.venv/bin'}:{os.environ['PATH']}",
        "IMAGE_BUILD": f'cp -r --preserve=all "$2" {checkout}/built/',
        "SOURCE_DATE_EPOCH": "1735689600",
        "VERSION": "v1.2.3",
        "WRAPPER_PYTHONS": f"3.{sys.version_info.minor}",
    }
    subprocess.run(f"umask {umask:o} && hack/images.sh", shell=True, cwd=checkout, env=environment, check=True)
    found = sorted((checkout / "built").rglob("*"))
    return {str(path.relative_to(checkout)): (path.stat().st_mode, path.stat().st_mtime) for path in found}


@pytest.mark.parametrize(("platform", "flags"), [("", []), ("linux/amd64", ["--platform=linux/amd64"])])
def test_images_are_built_for_the_platform_that_is_named_and_else_for_the_builders(platform: str, flags: list[str], tmp_path: Path) -> None:
    make_checkout(tmp_path / "checkout")
    environment = {
        **os.environ,
        "IMAGE_BUILD": f'printf "%s\\n" "$*" >>{tmp_path}/calls',
        "PLATFORM": platform,
        "PYTHON_IMAGE": "python:3",
        "REGISTRY": "example.com",
        "VERSION": "v1.2.3",
        "WRAPPER_PYTHONS": f"3.{sys.version_info.minor}",
    }
    environment["PATH"] = f"{tmp_path}/checkout/.venv/bin:{os.environ['PATH']}"
    subprocess.run(["hack/images.sh", "--no-cache"], cwd=tmp_path / "checkout", env=environment, check=True)
    assert (tmp_path / "calls").read_text().splitlines() == [
        " ".join([f"example.com/{name}:v1.2.3", f"build/images/{name}", "--build-arg", "PYTHON_IMAGE=python:3", *flags, "--no-cache"])
        for name in ("function-agents", "agent-sidecar", "agent-wrapper")
    ]


def test_what_images_are_built_from_has_one_time_and_the_rights_that_it_needs_whatever_the_umask_is(tmp_path: Path) -> None:
    built = folders_built_from(tmp_path / "open", 0o002)
    assert built == folders_built_from(tmp_path / "closed", 0o077)
    assert {name.split("/")[1] for name in built} == {"function-agents", "agent-sidecar", "agent-wrapper"}
    assert {time for _, time in built.values()} == {1735689600}
    assert all(stat.S_IMODE(mode) == (0o755 if stat.S_ISDIR(mode) else 0o644) for mode, _ in built.values())

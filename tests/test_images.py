"""The images that run Python, as far as they show without being built."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

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

"""The service of examples/consumer-repo passes its own tests, beside real servers, and its own types."""

import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Final

import pytest

from tests.bootstrap.manifests import ROOT

REPOSITORY: Final = ROOT / "examples/consumer-repo"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-m", *command], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("folder", ["unit", "integration"])
def test_its_tests_pass(folder: str) -> None:
    missing = [name for name in ("nats", "redis", "psycopg") if not find_spec(name)]
    if missing:
        pytest.skip(f"its dependencies are not installed: {', '.join(missing)}")
    done = run("pytest", "-p", "no:cacheprovider", "-rs", f"tests/{folder}")
    assert done.returncode == 0, done.stdout
    print(done.stdout)


def test_it_is_typed() -> None:
    if not find_spec("redis"):
        pytest.skip("its dependencies are not installed: redis")
    done = run("mypy")
    assert done.returncode == 0, done.stdout

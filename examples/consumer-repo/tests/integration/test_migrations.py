"""The migration script beside a real PostgreSQL."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from agent_executor.migrate import migrate
from tests.integration.conftest import REPOSITORY
from tests.integration.servers import postgres


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    server = postgres(tmp_path_factory.mktemp("postgres"))
    return str(server.get_uri())


def test_each_file_runs_once_however_many_pods_start(database: str) -> None:
    def run(_: int) -> list[str]:
        with psycopg.connect(database) as connection:
            return migrate(connection, REPOSITORY / "migrations")

    with ThreadPoolExecutor(5) as pods:
        done = sorted(pods.map(run, range(5)))
    assert done == [[], [], [], [], ["001-executions.sql"]]


def test_a_file_that_fails_leaves_nothing_behind(database: str, tmp_path: Path) -> None:
    (tmp_path / "002-good.sql").write_text("CREATE TABLE halfway (id text)")
    (tmp_path / "003-bad.sql").write_text("CREATE TABLE")
    with psycopg.connect(database) as connection, pytest.raises(psycopg.errors.SyntaxError):
        migrate(connection, tmp_path)
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT to_regclass('halfway')").fetchone()
    assert row == (None,)


def test_the_script_fails_without_a_database() -> None:
    variables = {"HOST": "127.0.0.1", "PORT": "1", "DB": "none", "USER": "none", "PASSWORD": "none"}
    environment = {**os.environ, "PYTHONPATH": "src", **{f"POSTGRES_{name}": value for name, value in variables.items()}}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run([REPOSITORY / "scripts/ci/run-migrations.sh"], env=environment, cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode != 0

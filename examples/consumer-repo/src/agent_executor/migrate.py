"""Brings the database up to date: `python -m agent_executor.migrate FOLDER`. Safe to run again, and by several pods at once."""

import os
import sys
from pathlib import Path
from typing import Final

import psycopg

from agent_executor.log import log

LOCK: Final = 7_301_846_525
"""Names our lock among those of the database. Any number that nobody else uses."""

CONNECT_SECONDS: Final = 30


def migrate(connection: psycopg.Connection, folder: Path) -> list[str]:
    """Runs the files that were not run yet, in the order of their names, all of them or none. Returns their names."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        connection.execute("CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())")
        applied = {row[0] for row in connection.execute("SELECT name FROM migrations")}
        pending = [file for file in sorted(folder.glob("*.sql")) if file.name not in applied]
        for file in pending:
            connection.execute(file.read_bytes())
            connection.execute("INSERT INTO migrations (name) VALUES (%s)", (file.name,))
    return [file.name for file in pending]


def main() -> int:
    environment = os.environ
    with psycopg.connect(
        host=environment["POSTGRES_HOST"],
        port=environment["POSTGRES_PORT"],
        dbname=environment["POSTGRES_DB"],
        user=environment["POSTGRES_USER"],
        password=environment["POSTGRES_PASSWORD"],
        connect_timeout=CONNECT_SECONDS,
    ) as connection:
        log("migrated", files=migrate(connection, Path(sys.argv[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main())

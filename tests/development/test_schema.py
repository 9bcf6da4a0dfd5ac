"""The end-to-end tests of the schema look at the platform's definitions and write none: each overlay has its own."""

import json
import os
from pathlib import Path

import pytest

from tests.e2e.test_schema import definition, schema, served_schema

KUBECTL = """#!/bin/sh
echo "$1" >>"$CALLS"
[ "$1" != get ] || cat "$SERVED"
"""
"""A cluster that serves one definition, and notes what it is asked for."""


@pytest.mark.parametrize("kind", ["AgentExecutor", "AgentType"])
def test_the_tests_of_the_schema_write_nothing(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kubectl").write_text(KUBECTL)
    (tmp_path / "kubectl").chmod(0o755)
    (tmp_path / "served").write_text(json.dumps(definition(kind)))
    for name, value in {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SERVED": tmp_path / "served", "CALLS": tmp_path / "calls"}.items():
        monkeypatch.setenv(name, str(value))
    assert served_schema(kind) == schema(definition(kind))
    assert {*(tmp_path / "calls").read_text().split()} == {"get", "wait"}

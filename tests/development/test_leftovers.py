"""The end-to-end tests take away what they made, also after one of them has left something that cannot go."""

import os
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.apis import APIS
from tests.e2e.cluster import KubectlError
from tests.e2e.namespace import Namespace, remove_all

KUBECTL: Final = """#!/bin/sh
echo "$*" >>"$CALLS"
case $* in
"-n stuck delete "*) echo "cannot go" >&2; exit 1 ;;
*" get "*) echo '{"items": []}' ;;
esac
"""
"""A cluster in which the claims of one namespace cannot be deleted."""


def test_a_namespace_that_cannot_go_keeps_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kubectl").write_text(KUBECTL)
    (tmp_path / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    with pytest.raises(KubectlError, match="cannot go"):
        remove_all([Namespace("stuck"), Namespace("other")])
    calls = (tmp_path / "calls").read_text().splitlines()
    wanted = [f"-n other delete {api.resource} --all --wait=false" for api in APIS]
    wanted.append("delete namespace other --ignore-not-found --wait=false")
    assert [call for call in calls if call in wanted] == wanted
    assert calls[-1].startswith("wait namespace other ")

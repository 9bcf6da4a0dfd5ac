"""Paths of the pod in the values that a program gets on this machine."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from zerotouch.local.places import Places
from zerotouch.local.ports import Ports
from zerotouch.local.variables import of_container
from zerotouch.local.workload import Workload


def places(wrapper: Path, code: Path | None = None) -> Places:
    return Places(wrapper, code, Ports(1, 2, 3, 4))


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("/zerotouch/python:/app:/application", "/my tools/python:/my agent:/application"),
        ("--config=/app/a.yaml /app", "--config=/my agent/a.yaml /my agent"),
        ("http://127.0.0.1:18081/openai/v1", "http://127.0.0.1:2/openai/v1"),
        ("/srv/app/zerotouch", "/srv/app/zerotouch"),
    ],
)
def test_a_value_has_this_machines_paths_and_ports(text: str, moved: str) -> None:
    assert places(Path("/my tools"), Path("/my agent")).moved(text) == moved


@pytest.mark.parametrize(
    ("wrapper", "options", "moved"),
    [
        ("/tools", "--require /zerotouch/node/wrapper.cjs", "--require /tools/node/wrapper.cjs"),
        ("/my tools", "--require /zerotouch/node/wrapper.cjs --inspect", '--require "/my tools"/node/wrapper.cjs --inspect'),
        ("/my tools", '--require "/zerotouch/node/a b.cjs"', '--require "/my tools/node/a b.cjs"'),
        ("/my tools", r'--title "\" /zerotouch/a" -r=/zerotouch/b', r'--title "\" /my tools/a" -r="/my tools"/b'),
        ('/"my"\\tools', "-r /zerotouch/a", r'-r "/\"my\"\\tools"/a'),
        ('/"my"\\tools', '-r "/zerotouch/a"', r'-r "/\"my\"\\tools/a"'),
        ("/back\\slash", "-r /zerotouch/a", "-r /back\\slash/a"),
        ("/back\\slash", '-r "/zerotouch/a', r'-r "/back\\slash/a'),
    ],
)
def test_node_options_are_quoted_where_a_path_needs_it(wrapper: str, options: str, moved: str) -> None:
    assert places(Path(wrapper)).moved_node_options(options) == moved


def test_an_agents_node_options_are_quoted_and_nothing_else_is() -> None:
    env = [{"name": "NODE_OPTIONS", "value": "--require /zerotouch/node/wrapper.cjs"}, {"name": "PYTHONPATH", "value": "/zerotouch/python"}]
    workload = Workload("a", "ns", {}, {"spec": {"containers": [{"name": "agent", "env": env}]}}, None)
    found = of_container(workload, {}, places(Path("/my tools")), "token")
    assert found == {"NODE_OPTIONS": '--require "/my tools"/node/wrapper.cjs', "PYTHONPATH": "/my tools/python"}


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
@pytest.mark.parametrize("name", ["plain", "with a space", 'with "quotes"', "back\\slash", 'all \\ of\t"them" \\'])
@pytest.mark.parametrize("option", ["--require /zerotouch/a.cjs", '--require "/zerotouch/a.cjs"', "--require=/zerotouch/a.cjs"])
def test_node_loads_the_wrapper_from_any_folder(name: str, option: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "a.cjs").write_text("globalThis.loaded = 'yes'")
    environment = {**os.environ, "NODE_OPTIONS": places(folder).moved_node_options(f"{option} --title=agent")}
    command = ["node", "-p", "JSON.stringify([globalThis.loaded, process.title])"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == ["yes", "agent"]

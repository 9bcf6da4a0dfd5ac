"""`zerotouch run` of a claim with code: what its ConfigMap or a folder has is served."""

import base64
import json
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.cli.running import RUN_SECONDS, code_claim, processes, run, running, written
from zerotouch.local.ports import any_free


def test_a_claims_code_is_served_with_the_wrapper_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    with running("--mock-models", code_claim(tmp_path, any_free())) as (process, url):
        answer = json.load(urllib.request.urlopen(url))
        children = processes(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(RUN_SECONDS) == 0
    assert answer["wrapper"].endswith("wrapper/python")
    assert len(children) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert not Path(answer["folder"]).exists()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url)


def test_code_without_its_config_map_is_said(tmp_path: Path) -> None:
    path = code_claim(tmp_path, any_free())
    written(tmp_path, next(yaml.safe_load_all(path.read_text())))
    done = run("--mock-models", path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: spec.agent.code.configMap: ConfigMap intelligence-agents/researcher-code is not beside the claim")


UNFIT_CODE: Final[list[tuple[dict[str, Any], str]]] = [
    (
        {"data": {"../../evil.py": ""}},
        "data[../../evil.py]: a key is a file name of letters, digits, -, _ and ., without a folder; rename it",
    ),
    ({"data": {"lib/util.py": ""}}, "data[lib/util.py]: a key is a file name"),
    ({"binaryData": {"..": ""}}, "binaryData[..]: a key is a file name"),
    ({"binaryData": {"main.py": "cGFzcw=="}}, "binaryData[main.py]: is under data too; remove one of the two"),
    ({"binaryData": {"main.pyc": "%"}}, 'binaryData[main.pyc]: "%" is not of format byte'),
    ({"data": {"main.py": 5}}, "data[main.py]: must be a string, not the number 5; quote it"),
    ({"data": ["main.py"]}, "data: must be an object, not a list"),
    ({"data": {"app.py": ""}}, "spec.agent.code.entrypoint: ConfigMap intelligence-agents/researcher-code has no main.py; add it there"),
    (
        {"metadata": {"name": "researcher-code"}},
        "spec.agent.code.configMap: ConfigMap intelligence-agents/researcher-code is not beside the claim",
    ),
]


@pytest.mark.parametrize(("fields", "message"), UNFIT_CODE, ids=[message[:40] for _, message in UNFIT_CODE])
def test_code_that_the_pod_would_not_get_is_refused(fields: dict[str, Any], message: str, tmp_path: Path) -> None:
    done = run("--mock-models", code_claim(tmp_path, any_free(), **fields), TMPDIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {message}")
    assert not (tmp_path / "evil.py").exists()


def test_code_of_another_namespace_is_pointed_at(tmp_path: Path) -> None:
    path = code_claim(tmp_path, any_free(), metadata={"name": "researcher-code"})
    done = run("--mock-models", path)
    assert done.stderr.endswith(f"; set metadata.namespace: intelligence-agents if you mean the one in {path}\n")


def test_binary_data_is_code_too(tmp_path: Path) -> None:
    code = base64.b64encode(b"print('decoded')").decode()
    done = run("--mock-models", code_claim(tmp_path, any_free(), data={}, binaryData={"main.py": code}))
    assert (done.returncode, done.stdout) == (0, "decoded\n"), done.stderr


def test_a_folder_of_code_has_the_entrypoint(tmp_path: Path) -> None:
    done = run("--mock-models", "--code", tmp_path, code_claim(tmp_path, any_free()))
    message = f"Error: spec.agent.code.entrypoint: the folder {tmp_path} has no main.py; add it there, or name the file that it has\n"
    assert (done.returncode, done.stderr) == (1, message)

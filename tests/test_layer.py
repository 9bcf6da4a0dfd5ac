"""hack/layer.py against a cluster that is a folder: one file for each claim, and Objects for as long as there are claims of any kind."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

KUBECTL = """#!/bin/sh
cd {folder}
case "$1 $2" in
"get objects.kubernetes.crossplane.io") ls | sed 's|^|object/|' ;;
get*) ls | grep "^$2" | sed 's|^|claim/|' ;;
delete*) rm -f "$2"* ;;
esac
"""


def layer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("layer", "hack/layer.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def definition(plural: str) -> dict[str, object]:
    names = {"names": {"plural": f"x{plural}"}, "claimNames": {"plural": plural}, "group": "example.org"}
    return {"apiVersion": "v1", "kind": "CompositeResourceDefinition", "metadata": {"name": plural}, "spec": names}


def test_claims_of_every_kind_are_deleted_before_their_objects_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claims, kubectl = tmp_path / "claims", tmp_path / "kubectl"
    claims.mkdir()
    for plural in ("agentexecutors", "agenttypes"):
        (claims / f"{plural}.example.org-mine").touch()
    kubectl.write_text(KUBECTL.format(folder=claims))
    kubectl.chmod(0o755)
    monkeypatch.setenv("KUBECTL", str(kubectl))
    module = layer()
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0)
    module.uninstall([definition("agentexecutors"), definition("agenttypes")], is_forced=True)
    assert not list(claims.iterdir())


@pytest.mark.parametrize("is_forced", [False, True])
def test_nothing_is_deleted_while_nobody_can_say_whether_claims_exist(
    is_forced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kubectl, calls = tmp_path / "kubectl", tmp_path / "calls"
    kubectl.write_text(f'#!/bin/sh\necho "$1" >>{calls}\necho "Error from server (Timeout): try again" >&2\nexit 1\n')
    kubectl.chmod(0o755)
    monkeypatch.setenv("KUBECTL", str(kubectl))
    with pytest.raises(SystemExit):
        layer().uninstall([definition("agentexecutors")], is_forced=is_forced)
    assert set(calls.read_text().split()) == {"get"}
    assert "cannot see which agentexecutors.example.org exist: Error from server (Timeout): try again" in capsys.readouterr().err


def test_a_kind_that_the_cluster_does_not_know_has_no_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl, calls = tmp_path / "kubectl", tmp_path / "calls"
    kubectl.write_text(f'#!/bin/sh\necho "$1" >>{calls}\necho "error: the server doesn\'t have a resource type \\"x\\"" >&2\nexit 1\n')
    kubectl.chmod(0o755)
    monkeypatch.setenv("KUBECTL", str(kubectl))
    layer().uninstall([definition("agentexecutors")], is_forced=False)
    assert calls.read_text().split()[-1] == "delete"


def test_a_function_that_does_not_start_leads_to_the_images_architecture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text("#!/bin/sh\necho '{\"spec\": {}}'\n")
    kubectl.chmod(0o755)
    monkeypatch.setenv("KUBECTL", str(kubectl))
    module = layer()
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", -1)
    with pytest.raises(SystemExit):
        module.wait_until_ready({"apiVersion": "pkg.crossplane.io/v1", "kind": "Function", "metadata": {"name": "agents"}})
    said = capsys.readouterr().err
    assert "Function agents is not ready after -1 s: Installed: not reported yet" in said
    assert "`exec format error`" in said
    assert "PLATFORM=linux/amd64" in said

"""The alerts: promtool checks and runs them on made-up series; each has a test and a runbook."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observability.rules import LAYER, ROOT, RULE_FILES, alerts, groups

HERE = Path(__file__).parent
RUNBOOKS = ROOT / "docs/runbooks.md"


def promtool() -> str:
    program = os.environ.get("PROMTOOL", "promtool")
    if not shutil.which(program):
        pytest.skip(f"{program} is not on PATH: install Prometheus, or set PROMTOOL")
    return program


def run(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_the_rules_do_what_their_tests_say(path: Path, tmp_path: Path) -> None:
    program = promtool()
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(groups(path)))
    shutil.copy(HERE / path.name, tmp_path / "test.yaml")
    run(program, "check", "rules", "rules.yaml", folder=tmp_path)
    run(program, "test", "rules", "test.yaml", folder=tmp_path)


def test_every_alert_is_seen_to_fire_and_not_to_fire() -> None:
    fires: set[str] = set()
    rests: set[str] = set()
    for path in RULE_FILES:
        for case in yaml.safe_load((HERE / path.name).read_text())["tests"]:
            for check in case.get("alert_rule_test", []):
                (fires if check.get("exp_alerts") else rests).add(check["alertname"])
    names = {alert["alert"] for alert in alerts()}
    assert fires == names
    # A case of this one has queues that must not be reported beside the one that must.
    assert rests == names - {"QueueLagNotFalling"}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_every_alert_says_what_is_wrong_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("critical", "warning")
    address, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    assert address.endswith("/blob/main/docs/runbooks.md")
    assert anchor == alert["alert"].lower()
    assert {"summary", "description"} <= set(alert["annotations"])


def test_every_runbook_is_of_an_alert() -> None:
    headings = re.findall(r"^### (\w+)$", RUNBOOKS.read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(alert["alert"] for alert in alerts())


def test_the_runbook_of_a_claim_that_does_not_scale_has_every_reason() -> None:
    references = "\n".join(path.read_text() for path in (ROOT / "platform/04-apis").glob("*.md"))
    tables = re.findall(r"^### ScalerReady$(.*?)(?:^##|\Z)", references, re.MULTILINE | re.DOTALL)
    reasons = {reason for table in tables for reason in re.findall(r"^\| False \| `(\w+)` \|", table, re.MULTILINE)}
    assert len(tables) == 2
    assert "VariableMissing" in reasons
    runbook = RUNBOOKS.read_text().partition("### ClaimScalerFailing")[2].partition("\n### ")[0]
    assert reasons == set(re.findall(r"`(\w+)`", runbook)) & reasons


def test_every_file_of_the_layer_is_in_its_kustomization() -> None:
    kustomization = yaml.safe_load((LAYER / "kustomization.yaml").read_text())
    generated = [file.split("=")[-1] for made in kustomization["configMapGenerator"] for file in made["files"]]
    files = {str(path.relative_to(LAYER)) for path in LAYER.rglob("*") if path.is_file()}
    assert set(kustomization["resources"]) | set(generated) == files - {"kustomization.yaml", "README.md"}

"""What platform/07-observability has, as the tests read it."""

from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
LAYER: Final = ROOT / "platform/07-observability"
RULE_FILES: Final = sorted((LAYER / "rules").glob("*.yaml"))


def groups(path: Path) -> dict[str, Any]:
    """A PrometheusRule's groups, as a rule file of Prometheus."""
    spec: dict[str, Any] = yaml.safe_load(path.read_text())["spec"]
    return spec


def rules(path: Path) -> list[dict[str, Any]]:
    return [rule for group in groups(path)["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for path in RULE_FILES for rule in rules(path) if "alert" in rule]

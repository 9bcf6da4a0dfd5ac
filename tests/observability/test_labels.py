"""Every query, and every legend of the dashboard, asks for labels that exist."""

import re
from typing import Final

from tests.observability.test_metrics import CONFIG, DASHBOARD, GROUPINGS, WORDS, queries
from zerotouch_function.protocol.runner import Outcome
from zerotouch_function.serving.metrics import Metrics
from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.models.metering import Metering

MATCHED: Final = re.compile(r"""(\w+)(?:=~|!=|!~|=)["']""")
SHOWN: Final = re.compile(r"\{\{(\w+)\}\}")
OPERATORS: Final = {"by", "on", "group_left", "without", "ignoring"}
OF_OTHERS: Final = {
    "app", "customresource_kind", "job", "le", "namespace", "pod",
    "account_id", "consumer_name", "is_consumer_leader", "is_stream_leader", "scaledObject", "stream_name",
}  # fmt: skip
"""What Prometheus, its operator and kube-state-metrics add, and what NATS's exporter and KEDA have."""


def of_the_function() -> set[str]:
    metrics = Metrics()
    metrics.begin()
    metrics.end("XAgentExecutor", Outcome.COMPOSED, 0.001)
    return set(MATCHED.findall(metrics.text()))


def of_the_sidecars() -> set[str]:
    registry = Registry()
    Metering(registry)
    return {label for metric in registry._metrics.values() for label in metric.labels}


def of_the_claims() -> set[str]:
    kinds = CONFIG["spec"]["resources"]
    parts = [body for kind in kinds for metric in kind["metrics"] for body in metric["each"].values() if isinstance(body, dict)]
    return {label for part in (*kinds, *parts) for label in part.get("labelsFromPath", {})}


def test_every_label_that_is_asked_for_exists() -> None:
    grouped = {word for query in queries() for group in GROUPINGS.findall(query) for word in WORDS.findall(group)} - OPERATORS
    matched = {label for query in queries() for label in MATCHED.findall(query)}
    legends = [target["legendFormat"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    shown = {label for legend in legends for label in SHOWN.findall(legend)}
    assert min(len(grouped), len(matched), len(shown)) > 5
    assert (grouped | matched | shown) - of_the_function() - of_the_sidecars() - of_the_claims() - OF_OTHERS == set()

"""The benchmark of many claims reads other programs' metrics, and says which promise is broken."""

from typing import Any, Final, cast

import pytest

from benchmarks.results import table
from benchmarks.scale.api import Api, Object
from benchmarks.scale.meters import Meters, Reading, total
from benchmarks.scale.verdicts import verdicts
from tests.e2e.operations.platform import Function, Platform

TEXT: Final = """# HELP function_requests_total Requests by kind and how they ended.
# TYPE function_requests_total counter
function_requests_total{kind="XAgentExecutor",outcome="composed"} 12
function_requests_total{kind="XAgentExecutor",outcome="refused"} 3
function_requests_created 1.7e+09
process_cpu_seconds_total 1.25e+01
apiserver_request_total{code="200",resource="deployments",verb="PATCH"} 4
apiserver_request_total{code="200",resource="deployments",verb="GET"} 90
"""


@pytest.mark.parametrize(
    ("name", "labels", "want"),
    [
        ("function_requests_total", (), 15),
        ("function_requests_total", ('outcome="composed"',), 12),
        ("process_cpu_seconds_total", (), 12.5),
        ("apiserver_request_total", ('resource="deployments"', 'verb="PATCH"'), 4),
        ("absent_total", (), 0),
    ],
)
def test_a_counter_is_the_sum_of_its_samples(name: str, labels: tuple[str, ...], want: float) -> None:
    assert total(TEXT, name, *labels) == want


def test_what_was_spent_lists_only_what_was_written() -> None:
    earlier, later = (Reading(calls, 1.0, 2.0, calls, {"deployments": 5, "services": calls}) for calls in (10, 14))
    assert later.since(earlier) == Reading(4, 0, 0, 4, {"services": 4})


class Cluster:
    """An API with one pod of each, whose counters are those of `TEXT`."""

    restarts = 0

    def items(self, _: str, selector: str) -> list[Object]:
        container = {"name": "main", "restartCount": self.restarts}
        status = {"conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [container]}
        return [{"metadata": {"name": selector.rpartition("=")[2]}, "status": status}]

    def text(self, _: str) -> str:
        return TEXT


def test_a_counter_that_began_again_is_no_figure() -> None:
    cluster = Cluster()
    meters = Meters(cast("Api", cluster), Platform("scale", Function("measured", "crossplane-system")))
    earlier = meters.read()
    assert meters.read().since(earlier) == Reading(0, 0, 0, 0, {}, earlier.processes)
    cluster.restarts = 1
    with pytest.raises(RuntimeError, match="pod crossplane, container main, restart 1; pod measured"):
        meters.read().since(earlier)


FOUND: Final[dict[str, list[dict[str, Any]]]] = {
    "growth": [
        {"claims": 100, "seconds_to_all_ready": 44, "function_cpu_ms_per_new_claim": 10, "crossplane_cpu_ms_per_new_claim": 90},
        {"claims": 300, "seconds_to_all_ready": 90, "function_cpu_ms_per_new_claim": 11, "crossplane_cpu_ms_per_new_claim": 92},
    ],
    "rest": [{"claims": 300, "changed_objects": {}, "events": {"KEDAScalersStarted of ScaledObject": 3}, "calls_per_claim_and_minute": 1}],
    "edits": [{"claims": 300, "edits_per_second": 9.9, "lost": 0, "seconds_from_last_edit_to_all_composed": 20}],
}


def test_claims_that_keep_every_promise_are_told_so() -> None:
    told = [one for one in verdicts(FOUND) if one.target]
    assert len(told) == 7
    assert all(one.is_reached for one in told), table(told)


@pytest.mark.parametrize(
    ("part", "worse", "what"),
    [
        ("growth", {"function_cpu_ms_per_new_claim": 13}, "300 claims, function's processor time for a new one, beside the first 100"),
        ("growth", {"crossplane_cpu_ms_per_new_claim": 120}, "300 claims, Crossplane's processor time for a new one, beside the first 100"),
        ("rest", {"changed_objects": {"deployments": 1}}, "300 claims at rest, objects that changed"),
        ("rest", {"events": {"ComposeResources of XAgentExecutor": 1}}, "300 claims at rest, events that are not KEDA's"),
        ("rest", {"calls_per_claim_and_minute": 4}, "300 claims at rest, calls for each"),
        ("edits", {"edits_per_second": 5}, "300 claims edited, pace"),
        ("edits", {"lost": 1}, "300 claims edited, edits lost"),
    ],
)
def test_the_promise_that_is_broken_is_named(part: str, worse: dict[str, Any], what: str) -> None:
    found = {**FOUND, part: [*FOUND[part][:-1], {**FOUND[part][-1], **worse}]}
    assert [one.name for one in verdicts(found) if one.is_reached is False] == [what]

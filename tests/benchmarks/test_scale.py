"""The benchmark of many claims reads other programs' metrics: how a counter is found among them."""

from typing import Final

import pytest

from benchmarks.scale.meters import Reading, total

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

"""Whether what was measured is as it must be: claims do not cost more where there are more, at rest nothing happens, no edit is lost."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.results import Measurement

GROWTH: Final = 1.25
"""What a new claim may cost beside one of the first: what is more than the scatter of two runs."""

LOOKS_PER_MINUTE: Final = 1.2
"""Calls for a claim at rest. An answer holds for a minute."""

EDITS_PER_SECOND: Final = 9.5
"""Of the ten that are asked for: a claim's author waits for the API server, too."""

OF_KEDA: Final = ("of ScaledObject", "of HorizontalPodAutoscaler")
"""What events are told of that KEDA and the HPA controller tell."""

COSTS: Final = {"function_cpu_ms_per_new_claim": "function", "crossplane_cpu_ms_per_new_claim": "Crossplane"}
Figures = Mapping[str, Any]


def verdicts(found: Mapping[str, Sequence[Figures]]) -> list[Measurement]:
    """One line for each promise and number of claims, as `__main__` records the phases."""
    return [*_growth(found["growth"]), *_rest(found["rest"]), *_edits(found["edits"])]


def _growth(steps: Sequence[Figures]) -> Iterator[Measurement]:
    for step in steps:
        yield Measurement(f"{step['claims']} claims, until all are ready", step["seconds_to_all_ready"], "s")
        for cost, who in COSTS.items():
            name = f"{step['claims']} claims, {who}'s processor time for a new one"
            yield Measurement(name, step[cost], "ms")
            if step is not steps[0]:
                ratio = step[cost] / steps[0][cost]
                yield Measurement(f"{name}, beside the first {steps[0]['claims']}", ratio, "times", f"<= {GROWTH}", ratio <= GROWTH)


def _rest(steps: Sequence[Figures]) -> Iterator[Measurement]:
    for step in steps:
        at_rest = f"{step['claims']} claims at rest"
        changed = sum(step["changed_objects"].values())
        events = sum(count for told, count in step["events"].items() if not told.endswith(OF_KEDA))
        calls = step["calls_per_claim_and_minute"]
        yield Measurement(f"{at_rest}, objects that changed", changed, "objects", "0", changed == 0)
        yield Measurement(f"{at_rest}, events that are not KEDA's", events, "events", "0", events == 0)
        yield Measurement(f"{at_rest}, calls for each", calls, "1/min", f"<= {LOOKS_PER_MINUTE}", calls <= LOOKS_PER_MINUTE)


def _edits(steps: Sequence[Figures]) -> Iterator[Measurement]:
    for step in steps:
        edited, pace, lost = f"{step['claims']} claims edited", step["edits_per_second"], step["lost"]
        yield Measurement(f"{edited}, pace", pace, "1/s", f">= {EDITS_PER_SECOND}", pace >= EDITS_PER_SECOND)
        yield Measurement(f"{edited}, edits lost", lost, "edits", "0", lost == 0)
        yield Measurement(f"{edited}, until the last one is composed", step["seconds_from_last_edit_to_all_composed"], "s")

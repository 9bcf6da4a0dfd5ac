"""What must hold for any program: the same with the wrapper as without; ids at the sidecar and nowhere else; one report per process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.wrapper.agent import WRAPPER, Program, Run, carried_to, run, run_plain, wanted

REPORTED: Final = {"runtime", "runtimeVersion", "wrapperVersion", "pid", "loaded", "framework"}


def judge(
    program: Program,
    *,
    reports: int = 1,
    most_reports: int = 0,
    carries: bool = True,
    environment: Mapping[str, str] | None = None,
    wrapper: Path = WRAPPER,
) -> Run:
    """Runs it without and with the wrapper.

    Args:
        program: Which.
        reports: How many processes of it begin as one that the wrapper is loaded into.
        most_reports: Where that differs between versions of Python, the most; 0: as many.
        carries: Whether its calls of the sidecar carry the inbound request's headers.
        environment: Variables of the pod that differ from what a pod has; only the wrapper reads them.
        wrapper: The wrapper's folder; without any other, the working tree's, which holds no bytecode.
    """
    plain = run_plain(tuple(program.command), tuple(program.environment.items()), program.requests, program.python_path, program.body)
    wrapped = run(program, wrapper=wrapper, environment=environment, reports=reports)
    assert wrapped.seen == plain.seen, f"with: {wrapped.seen}\nwithout: {plain.seen}"
    assert plain.sidecar.reports == []
    assert all(headers == [{}] for headers in carried_to(plain.sidecar, program.requests).values())

    count = program.requests
    expected = {number: [wanted(number, count) if carries else {}] for number in range(count)}
    assert carried_to(wrapped.sidecar, count) == expected, carried_to(wrapped.sidecar, count)
    assert carried_to(wrapped.elsewhere, count) == {number: [{}] for number in range(count)}
    assert all(status == 200 for status, _ in wrapped.seen.answers)
    check_reports(wrapped, reports, most_reports or reports)
    return wrapped


def check_reports(wrapped: Run, least: int, most: int) -> None:
    found: list[dict[str, Any]] = wrapped.sidecar.reports
    assert least <= len(found) <= most, found
    assert len({report["pid"] for report in found}) == len(found), "a process reported twice"
    assert wrapped.sidecar.refused == []
    for report in found:
        assert set(report) == REPORTED
        assert report["loaded"] is True

"""The sidecar's benchmark measures what it says, and its figures stand beside the function's."""

import json
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.results import Measurement
from benchmarks.sidecar.load import Load, figures, request


def test_sections_stand_beside_each_other(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    one, other = Measurement("a", 1, "s"), Measurement("b", 2, "s")
    results.add("sidecar", {"cores": 2}, [one], file)
    results.write({"cores": 2}, [other], file)
    results.add("sidecar", {"cores": 2}, [one], file)
    found = json.loads(file.read_text())
    assert [each["name"] for each in found["measurements"]] == ["b"]
    assert [each["name"] for each in found["sidecar"]["measurements"]] == ["a"]


def test_only_answers_within_the_counted_time_are_counted() -> None:
    load = Load(10, 1000)
    for since, now in ((-5.0, -4.0), (3.0, 4.0), (9.5, 11.0)):
        load.took(None, load._started + since, load._started + since, load._started + now)  # type: ignore[arg-type]  # no client is asked
    assert load.whole == [pytest.approx(1.0)]


def test_percentiles_are_milliseconds() -> None:
    assert figures("whole", [0.001] * 100)["whole_p99_ms"] == pytest.approx(1)


@pytest.mark.parametrize("streams", [True, False])
def test_a_request_says_whether_it_streams(streams: bool) -> None:
    head, _, body = request("/v1/chat/completions", "t", streams=streams).partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(body) in head
    assert json.loads(body)["stream"] is streams

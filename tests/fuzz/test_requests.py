"""The short fuzzing run. `make fuzz` runs the same laws a million times, and on raw bytes."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.laws import check
from tests.fuzz.requests import mutated_requests, valid_requests
from tests.fuzz.seeds import seeds, write
from zerotouch_function.protocol.runner import Outcome

SHORT = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@settings(SHORT, max_examples=50)
@given(valid_requests())
def test_every_claim_that_the_api_accepts_is_composed(data: bytes) -> None:
    assert check(data) is Outcome.COMPOSED


@SHORT
@given(mutated_requests())
def test_every_other_request_is_composed_or_refused_by_field_and_deletes_nothing(data: bytes) -> None:
    assert check(data) in (Outcome.COMPOSED, Outcome.REFUSED)


@SHORT
@given(st.binary(max_size=200))
@example(b"")
@example(b"\xff" * 10_000)
def test_any_bytes_are_answered_or_no_request(data: bytes) -> None:
    check(data)


def test_real_requests_cut_and_changed_are_answered_or_no_request() -> None:
    dice = random.Random(1)
    for seed in seeds():
        check(seed)
        for _ in range(40):
            changed = bytearray(seed)
            for _ in range(dice.randint(1, 4)):
                changed[dice.randrange(len(changed))] = dice.randrange(256)
            check(bytes(changed[: dice.randint(0, len(changed)) if dice.random() < 0.3 else None]))


def test_the_harness_for_raw_bytes_runs(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="has no wheel for this machine or this Python")
    write(tmp_path)
    ended = subprocess.run([sys.executable, "-m", "tests.fuzz.raw", tmp_path, "-runs=300"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr

"""The parts that know neither clock nor network."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerotouch_sidecar.models.amounts import Amount, Price, Usage
from zerotouch_sidecar.models.backoff import RetryRule, pause_seconds, retry_after_seconds
from zerotouch_sidecar.models.breaker import Breaker, BreakerRule, State
from zerotouch_sidecar.models.budget.period import PeriodKind, period_name, seconds_left
from zerotouch_sidecar.models.limits import Admitted, RateLimit, TooFast
from zerotouch_sidecar.models.routing import Alias, Target, chain, ordered

NOW = datetime(2026, 11, 28, 22, 30, tzinfo=UTC)
RULE = BreakerRule(failures=3, window_seconds=10, cooldown_seconds=5)


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker(RULE)
    for _ in range(3):
        permit = breaker.ask(at)
        assert permit is not None
        breaker.failed(permit, at)
    assert breaker.state(at) is State.OPEN
    return breaker


def test_a_breaker_lets_nothing_through_until_it_has_cooled_down_and_then_one_request() -> None:
    breaker = opened()
    assert breaker.ask(4.9) is None
    assert breaker.state(5) is State.HALF_OPEN
    trial = breaker.ask(5)
    assert trial is not None
    assert breaker.ask(5) is None
    breaker.succeeded(trial)
    assert breaker.state(5) is State.CLOSED
    assert breaker.ask(5) is not None


def test_a_failed_trial_opens_the_breaker_again() -> None:
    breaker = opened()
    trial = breaker.ask(5)
    assert trial is not None
    breaker.failed(trial, 6)
    assert breaker.state(10.9) is State.OPEN
    assert breaker.wait_seconds(6) == 5


def test_a_request_from_before_decides_nothing_about_the_trial() -> None:
    breaker = Breaker(RULE)
    old = breaker.ask(0)
    assert old is not None
    for _ in range(3):
        permit = breaker.ask(0)
        assert permit is not None
        breaker.failed(permit, 0)
    breaker.succeeded(old)
    assert breaker.state(1) is State.OPEN
    trial = breaker.ask(5)
    assert trial is not None
    breaker.failed(old, 5)
    assert breaker.state(5) is State.HALF_OPEN


def test_a_trial_whose_agent_goes_away_frees_the_place_for_another() -> None:
    breaker = opened()
    trial = breaker.ask(5)
    assert trial is not None
    breaker.dropped(trial)
    assert breaker.ask(5) is not None


def test_failures_that_are_old_or_have_a_success_between_them_do_not_open() -> None:
    breaker = Breaker(RULE)
    for at in (0, 6, 12, 18, 24):
        permit = breaker.ask(at)
        assert permit is not None
        breaker.failed(permit, at)
    assert breaker.state(24) is State.CLOSED
    for at in (40, 40, 41, 42, 42):
        permit = breaker.ask(at)
        assert permit is not None
        (breaker.succeeded(permit) if at == 41 else breaker.failed(permit, at))
    assert breaker.state(42) is State.CLOSED


def test_zero_failures_never_open() -> None:
    breaker = Breaker(BreakerRule(0, 10, 5))
    permit = breaker.ask(0)
    assert permit is not None
    breaker.failed(permit, 0)
    assert breaker.state(0) is State.CLOSED


@given(attempt=st.integers(1, 40), random=st.floats(0, 1, exclude_max=True), after=st.none() | st.floats(0, 10))
def test_a_pause_lies_within_its_rule_and_never_below_what_the_provider_asks(attempt: int, random: float, after: float | None) -> None:
    rule = RetryRule(attempts=3, initial_backoff_seconds=0.2, max_backoff_seconds=5)
    pause = pause_seconds(rule, attempt, after, lambda: random)
    if after is not None and after > 5:
        assert pause is None
        return
    assert pause is not None
    assert (after or 0) <= pause <= 5


@pytest.mark.parametrize(
    "milliseconds, seconds, want",
    [
        ("", "", None),
        ("1500", "9", 1.5),
        ("", "2", 2.0),
        ("", "Sat, 28 Nov 2026 22:30:30 GMT", 30.0),
        ("", "Sat, 28 Nov 2026 22:00:00 GMT", 0.0),
        ("nan", "-1", None),
        ("", "inf", None),
        ("", "soon", None),
    ],
)
def test_retry_after_is_read_in_every_form(milliseconds: str, seconds: str, want: float | None) -> None:
    assert retry_after_seconds(milliseconds, seconds, NOW) == want


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 500)), max_size=60))
def test_no_minute_admits_more_than_two_minutes_worth(calls: list[tuple[float, int]]) -> None:
    limit = RateLimit(requests_per_minute=10, tokens_per_minute=1000, now=0)
    now, admitted = 0.0, []
    for pause, tokens in calls:
        now += pause
        outcome = limit.admit(tokens, now)
        if isinstance(outcome, Admitted):
            admitted.append((now, tokens))
        else:
            assert outcome.wait_seconds > 0
            assert isinstance(limit.admit(tokens, now), TooFast)
    for start, _ in admitted:
        within = [tokens for at, tokens in admitted if start <= at < start + 60]
        assert len(within) <= 20
        assert sum(within) <= 2000


def test_a_limit_takes_back_what_a_call_did_not_use() -> None:
    limit = RateLimit(requests_per_minute=0, tokens_per_minute=100, now=0)
    first = limit.admit(100, 0)
    assert isinstance(first, Admitted)
    assert limit.admit(50, 0) == TooFast("tokens", 100, 30.0)
    limit.settle(first, 10)
    assert isinstance(limit.admit(90, 0), Admitted)


def test_a_call_that_needs_more_than_a_minute_runs_when_the_bucket_is_full() -> None:
    limit = RateLimit(requests_per_minute=0, tokens_per_minute=100, now=0)
    assert isinstance(limit.admit(10**9, 0), Admitted)
    assert limit.admit(1, 0) == TooFast("tokens", 100, 0.6)


def test_first_tries_converge_to_the_weights() -> None:
    random = Random(7).random
    targets = (Target("a", "m", 5), Target("b", "m", 3), Target("c", "m", 2), Target("d", "m", 0))
    orders = [ordered(targets, random) for _ in range(20_000)]
    first = Counter(order[0].provider for order in orders)
    assert {name: round(count / 20_000, 1) for name, count in first.items()} == {"a": 0.5, "b": 0.3, "c": 0.2}
    assert all(order[-1].provider == "d" for order in orders)
    second = Counter(order[1].provider for order in orders if order[0].provider == "a")
    assert abs(second["b"] / second.total() - 0.6) < 0.02


def test_a_chain_has_each_alias_once_fallbacks_of_fallbacks_included() -> None:
    aliases = {
        name: Alias(name, (Target(name, "m"),), Price(), fallbacks)
        for name, fallbacks in (("a", ("b", "c")), ("b", ("d", "a")), ("c", ()), ("d", ("c",)))
    }
    assert [step.target.provider for step in chain("a", aliases, lambda: 0.5)] == ["a", "b", "d", "c"]


def test_prices_are_exact_and_rounded_up_to_a_nano_dollar() -> None:
    price = Price.of(input_usd=Decimal("0.25"), output_usd=Decimal("2.00"), cached_usd=Decimal("0.025"))
    assert price.amount(Usage(1_000_000, 1_000_000, 0)) == Amount(2_000_000, 2_250_000_000)
    assert price.amount(Usage(1_000_000, 0, 1_000_000)) == Amount(1_000_000, 25_000_000)
    assert Price.of(input_usd=Decimal("0.0001"), output_usd=Decimal(0)).amount(Usage(1)).nano_usd == 1


@pytest.mark.parametrize(
    "written, long_written, nano_usd",
    [
        (None, None, 1_000_000_000),
        (Decimal("1.25"), None, 1_150_000_000),
        (Decimal("1.25"), Decimal(2), 1_300_000_000),
        (None, Decimal(2), 1_200_000_000),
    ],
)
def test_what_a_cache_takes_has_its_own_price(written: Decimal | None, long_written: Decimal | None, nano_usd: int) -> None:
    price = Price.of(input_usd=Decimal(1), output_usd=Decimal(0), written_usd=written, long_written_usd=long_written)
    assert price.amount(Usage(1_000_000, 0, 0, 600_000, 200_000)) == Amount(1_000_000, nano_usd)


@pytest.mark.parametrize(
    "kind, name, left",
    [
        (PeriodKind.HOUR, "2026-11-28T22", 1800.0),
        (PeriodKind.DAY, "2026-11-28", 5400.0),
        (PeriodKind.MONTH, "2026-11", 2 * 86400 + 5400.0),
        (PeriodKind.TOTAL, "total", None),
    ],
)
def test_periods_are_spans_of_utc(kind: PeriodKind, name: str, left: float | None) -> None:
    assert period_name(kind, NOW) == name
    assert seconds_left(kind, NOW) == left

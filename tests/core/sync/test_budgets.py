"""What an exchange's refusals mean for the next request to it."""

from datetime import timedelta

import pytest

from connectors.errors import (
    BadKeyError,
    ExchangeError,
    IpBannedError,
    MaintenanceError,
    NetworkError,
    RateLimitedError,
)
from core.sync.budgets import Breakers
from tests.core.sync.worlds import NOON


def seconds(breakers: Breakers, error: ExchangeError | None, *, minutes: int = 0) -> float | None:
    now = NOON + timedelta(minutes=minutes)
    pause = breakers.record("acme", error, now)
    return None if pause is None else (pause.until - now).total_seconds()


def test_a_rate_limit_pauses_as_long_as_the_exchange_asks() -> None:
    breakers = Breakers(lambda: 0)
    assert seconds(breakers, RateLimitedError(retry_after=17)) == 17
    assert seconds(breakers, RateLimitedError()) == 60
    assert seconds(breakers, RateLimitedError(retry_after=0)) == 1


@pytest.mark.parametrize("scope", ["uid", "key"])
def test_a_limit_of_one_account_pauses_nobody_else(scope: str) -> None:
    error = RateLimitedError(retry_after=17)
    error.scope = scope
    assert seconds(Breakers(lambda: 0), error) is None


def test_a_ban_lasts_two_minutes_at_least_and_doubles_until_something_works() -> None:
    breakers = Breakers(lambda: 0)
    assert seconds(breakers, IpBannedError(retry_after=5)) == 120
    assert seconds(breakers, IpBannedError(), minutes=2) == 240
    assert seconds(breakers, IpBannedError(retry_after=3600), minutes=6) == 3600
    assert seconds(breakers, None, minutes=66) is None
    assert seconds(breakers, IpBannedError(), minutes=67) == 120


def test_requests_on_their_way_when_a_ban_comes_do_not_double_it() -> None:
    breakers = Breakers(lambda: 0)
    assert [seconds(breakers, IpBannedError()) for _ in range(5)] == [120] * 5
    assert seconds(breakers, IpBannedError(), minutes=1) == 120
    assert seconds(breakers, IpBannedError(), minutes=3) == 240


@pytest.mark.parametrize("error", [NetworkError(), MaintenanceError()])
def test_five_failures_in_a_row_open_the_breaker_and_one_success_closes_it(error: ExchangeError) -> None:
    breakers = Breakers(lambda: 1)
    assert [seconds(breakers, error) for _ in range(4)] == [None] * 4
    assert not breakers.is_open("acme")
    assert seconds(breakers, error) == pytest.approx(72)
    assert breakers.is_open("acme")
    assert not breakers.is_open("other")
    breakers.record("acme", None, NOON)
    assert not breakers.is_open("acme")


def test_probes_are_spread_by_a_fifth() -> None:
    breakers = Breakers(lambda: -1)
    assert [seconds(breakers, NetworkError()) for _ in range(5)][-1] == pytest.approx(48)


def test_a_wrong_key_pauses_nobody_else() -> None:
    breakers = Breakers(lambda: 0)
    assert [seconds(breakers, BadKeyError()) for _ in range(9)] == [None] * 9
    assert not breakers.is_open("acme")


def test_the_pause_names_exchange_reason_and_end() -> None:
    pause = Breakers(lambda: 0).record("acme", RateLimitedError(retry_after=9), NOON)
    assert pause is not None
    assert (pause.exchange, pause.reason, pause.until) == ("acme", "rate_limited", NOON + timedelta(seconds=9))

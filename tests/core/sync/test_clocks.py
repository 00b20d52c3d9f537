"""How far the exchanges' clocks are from ours."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from connectors.errors import NetworkError
from core.sync.clocks import Clocks
from tests.core.sync.house import MovableClock
from tests.core.sync.worlds import NOON


class Exchange:
    """An exchange whose clock is `ahead` by so many seconds, or does not answer."""

    def __init__(self, clock: MovableClock, ahead: float | None) -> None:
        self.clock, self.ahead, self.asked = clock, ahead, 0
        self.stands_at: datetime | None = None

    def get_server_time(self) -> datetime:
        self.asked += 1
        if self.ahead is None:
            raise NetworkError
        return self.stands_at or self.clock() + timedelta(seconds=self.ahead)


def measured(offsets: Sequence[float | None]) -> Clocks:
    clocks, clock = Clocks(), MovableClock(NOON)
    for number, ahead in enumerate(offsets):
        clocks.measure(f"exchange{number}", Exchange(clock, ahead), clock)
    return clocks


@pytest.mark.parametrize(("ahead", "counted"), [(0.9, 0), (-0.9, 0), (1.1, 1.1), (-400, -400), (None, 0)])
def test_an_instant_is_told_by_the_exchange_s_clock_where_that_differs_by_a_second(
    ahead: float | None, counted: float
) -> None:
    assert measured([ahead]).exchange_time("exchange0", NOON) == NOON + timedelta(seconds=counted)


def test_our_own_error_is_what_most_exchanges_say_and_nothing_below_five_seconds() -> None:
    assert measured([7.0, 7.5, 300.0]).own_error_seconds() == 7.5
    assert measured([4.9, 4.9]).own_error_seconds() == 0
    assert measured([-8.0]).own_error_seconds() == -8
    assert Clocks().own_error_seconds() == 0


def test_a_clock_is_asked_every_five_minutes_and_also_after_ours_was_set_back() -> None:
    clocks, clock = Clocks(), MovableClock(NOON)
    exchange = Exchange(clock, 0)
    for seconds, asked in ((0, 1), (299, 1), (1, 2), (-60, 3)):
        clock.move(seconds)
        clocks.measure("acme", exchange, clock)
        assert exchange.asked == asked


def test_a_clock_that_stands_still_teaches_nothing() -> None:
    clocks, clock = Clocks(), MovableClock(NOON)
    exchange = Exchange(clock, 0)
    exchange.stands_at = NOON
    clocks.measure("acme", exchange, clock)
    clock.move(600)
    clocks.measure("acme", exchange, clock)
    assert clocks.offset("acme") == timedelta(0)

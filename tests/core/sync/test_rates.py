"""No window gets more than its limit, and intervals stretch fairly: main accounts last."""

import random

import pytest

from core.domain.types import Tier
from core.sync.rates import MICROS, PLANNED_PART, Load, fit, ledger_interval, rate_of, slots_allowed, stretch

WANTED = {Tier.MAIN: 30, Tier.WATCHED: 30, Tier.ACTIVE: 120, Tier.REST: 300}
SPOT = Load(6_000, 60, 20, 0)


def departures(limit: int, window: int, units: int) -> list[float]:
    """Return when requests leave, in seconds, that always want more than there is, after an idle time."""
    rate = rate_of(limit, window)
    at, found = -float(rate.burst_us), []
    while at < 4 * window * MICROS:
        found.append(max(at, 0) / MICROS)
        at += units * rate.unit_us
    return found


@pytest.mark.parametrize(
    ("limit", "window", "units"),
    [(6_000, 60, 20), (2_400, 60, 5), (600, 5, 1), (2, 1, 1), (1, 1, 1), (12_000, 60, 150)],
)
def test_no_window_gets_more_than_its_limit_however_it_lies_and_however_late_requests_arrive(
    limit: int, window: int, units: int
) -> None:
    late = random.Random(7)
    most_late = min(max(0.03 * window, 0.1), 0.5)
    arrivals = sorted(at + late.uniform(0.0, most_late) for at in departures(limit, window, units))
    for first, begin in enumerate(arrivals):
        within = sum(1 for at in arrivals[first:] if at < begin + window)
        assert within * units <= limit


@pytest.mark.parametrize(("limit", "window"), [(6_000, 60), (12_000, 60), (2_400, 60)])
def test_more_than_ninety_five_of_a_hundred_units_can_be_used_under_overload(limit: int, window: int) -> None:
    assert rate_of(limit, window).per_second * PLANNED_PART * window >= 0.95 * limit


def test_accounts_that_fit_are_read_as_often_as_wanted() -> None:
    counts = {Tier.MAIN: 100, Tier.ACTIVE: 50}
    assert stretch(counts, WANTED, slots_allowed([SPOT])) == WANTED
    assert stretch(counts, WANTED, None) == WANTED


def test_four_hundred_and_twelve_main_accounts_share_what_one_address_allows() -> None:
    allowed = slots_allowed([Load(6_000, 60, 20, 0)])
    assert allowed is not None
    assert int(allowed * 30) == 143
    assert stretch({Tier.MAIN: 412}, WANTED, allowed)[Tier.MAIN] == 87
    assert stretch({Tier.MAIN: 412}, WANTED, 5.0)[Tier.MAIN] == 83


def test_slow_tiers_give_way_alike_before_those_on_a_screen_and_main_accounts_last() -> None:
    counts = {Tier.MAIN: 60, Tier.WATCHED: 30, Tier.ACTIVE: 120, Tier.REST: 300}
    assert stretch(counts, WANTED, 4.0) == {Tier.MAIN: 30, Tier.WATCHED: 30, Tier.ACTIVE: 240, Tier.REST: 600}
    assert stretch(counts, WANTED, 2.8) == {Tier.MAIN: 30, Tier.WATCHED: 65, Tier.ACTIVE: 720, Tier.REST: 1800}
    tight = stretch(counts, WANTED, 1.5)
    assert (tight[Tier.WATCHED], tight[Tier.REST]) == (180, 1800)
    assert 30 < tight[Tier.MAIN] < 65
    for allowed in (4.0, 2.8, 1.5):
        seconds = stretch(counts, WANTED, allowed)
        assert sum(count / seconds[tier] for tier, count in counts.items()) <= allowed + 1e-9


def test_the_tightest_count_decides_and_what_is_read_for_all_comes_first() -> None:
    free = slots_allowed([SPOT, Load(2_400, 60, 5, 0)])
    assert free == slots_allowed([SPOT])
    shared = slots_allowed([Load(6_000, 60, 20, 40)])
    assert free is not None
    assert shared is not None
    assert free - shared == pytest.approx(2)
    assert slots_allowed([Load(6_000, 60, 0, 40)]) is None


def test_ledgers_that_a_count_of_their_own_bounds_do_not_slow_slots() -> None:
    counts = {Tier.MAIN: 400}
    history = Load(12_000, 60, 0, 0, ledger_units=150)
    found = fit(counts, WANTED, [SPOT, history], 300)
    assert found.seconds == fit(counts, WANTED, [SPOT], 300).seconds
    assert (found.ledger_seconds, ledger_interval(counts, WANTED, [SPOT], 300)) == (314, 300)


def test_where_slots_and_ledgers_need_one_count_both_wait_and_together_they_fit() -> None:
    counts = {Tier.MAIN: 400}
    for units in (3, 30, 300):
        load = Load(2_400, 60, 10, 0, ledger_units=units)
        found = fit(counts, WANTED, [load], 300)
        slots, ledgers = 400 * 10 / found.seconds[Tier.MAIN], 400 * units / max(
            found.ledger_seconds, found.seconds[Tier.MAIN]
        )  # fmt: skip
        assert 0.97 * load.per_second <= slots + ledgers <= load.per_second
        assert ledgers <= 0.51 * load.per_second
    few = fit({Tier.MAIN: 20}, WANTED, [Load(2_400, 60, 10, 0, ledger_units=30)], 300)
    assert (few.seconds[Tier.MAIN], few.ledger_seconds) == (30, 300)


def test_a_plan_settles_where_accounts_are_read_more_seldom_than_their_ledgers_are_wanted() -> None:
    load = Load(2_400, 60, 10, 0, ledger_units=0.5)
    found = fit({Tier.MAIN: 8_000}, WANTED, [load], 300)
    assert found.seconds[Tier.MAIN] == pytest.approx(8_000 * 10.5 / load.per_second, rel=0.02)

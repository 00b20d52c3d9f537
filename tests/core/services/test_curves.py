"""The equity curve, days of any zone, and trends of series made from stored points."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.types import ExchangeAccount, WalletState
from core.ports import PointRow
from core.services import curves
from core.services.curves import (
    MOST_POINTS,
    AccountSeries,
    day_start,
    draw_curve,
    from_us,
    month_start,
    to_us,
    total_equity,
    trend,
    windows,
)
from core.services.overview_types import Curve, FlowMarker
from core.services.period_days import Move
from tests.core.persistence.makers import (
    DAY,
    HOUR,
    MINUTE,
    make_account,
    make_point,
    make_user,
    make_wallet,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANA = make_user("ana")
ACCOUNT = make_account(ANA, name="Reserve")


def row(at: datetime, equity: float, account: ExchangeAccount = ACCOUNT, *, complete: bool = True) -> PointRow:
    return account.id, to_us(at), equity, 0.0, complete


def start(at: datetime, equity: float, wallet: str = "spot") -> WalletState:
    return make_wallet(ACCOUNT, wallet, first_ok_at=at, first_equity=equity)


def deposit(at: datetime, value: float = 50.0) -> Move:
    return Move(str(ACCOUNT.id), at, value)


def series(*points: tuple[datetime, float], starts: tuple[WalletState, ...] = ()) -> AccountSeries:
    (made,) = curves.build_series([ACCOUNT], [row(at, equity) for at, equity in points], [], starts)
    return made


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_microseconds_lose_nothing(at: datetime) -> None:
    assert from_us(to_us(at)) == at


@pytest.mark.parametrize(
    ("now", "zone", "day", "month"),
    [
        ("2026-11-22T12:00", "UTC", "2026-11-22T00:00", "2026-11-01T00:00"),
        ("2026-11-22T02:59", "America/Sao_Paulo", "2026-11-21T03:00", "2026-11-01T03:00"),
        ("2026-11-22T03:00", "America/Sao_Paulo", "2026-11-22T03:00", "2026-11-01T03:00"),
        ("2026-11-22T12:00", "Asia/Kolkata", "2026-11-21T18:30", "2026-10-31T18:30"),
        ("2026-11-22T12:00", "Asia/Kathmandu", "2026-11-21T18:15", "2026-10-31T18:15"),
        ("2026-10-25T12:00", "Europe/Lisbon", "2026-10-24T23:00", "2026-09-30T23:00"),
        ("2026-10-26T12:00", "Europe/Lisbon", "2026-10-26T00:00", "2026-09-30T23:00"),
        ("2018-11-04T12:00", "America/Sao_Paulo", "2018-11-04T03:00", "2018-11-01T03:00"),
    ],
)
def test_a_day_and_a_month_begin_at_their_first_local_instant(now: str, zone: str, day: str, month: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert day_start(at, zone) == datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert month_start(at, zone) == datetime.fromisoformat(month).replace(tzinfo=UTC)


@pytest.mark.parametrize("days", [1, 7, 30, 90])
def test_points_are_loaded_without_a_hole_from_before_the_period_until_now(days: int) -> None:
    since, today, month = NOW - days * DAY, NOW - 12 * HOUR, NOW - 22 * DAY
    coarse, fine = windows(since, today, month, NOW)
    assert (coarse.bucket_seconds, fine.bucket_seconds) == (3600, 300)
    assert coarse.since < min(since, month)
    assert coarse.until == fine.since < today
    assert fine.until == NOW
    assert fine.since < since or days > 1


# series


def test_points_and_boundaries_make_one_ascending_series_per_account() -> None:
    other = make_account(ANA, name="Other", removed_at=NOW)
    boundary = make_point(ACCOUNT.id, ANA.id, NOW - 2 * HOUR, 5.0)
    rows = [row(NOW - HOUR, 6.0), row(NOW, 7.0), row(NOW, 9.0, other)]
    first, second = curves.build_series([ACCOUNT, other], rows, [boundary], [])
    assert [from_us(at) for at in first.at.tolist()] == [NOW - 2 * HOUR, NOW - HOUR, NOW]
    assert first.equity.tolist() == [5.0, 6.0, 7.0]
    assert (first.removed_at, second.removed_at) == (None, to_us(NOW))
    assert second.equity.tolist() == [9.0]


def test_a_history_begins_with_the_first_good_reading_not_with_the_end_of_its_bucket() -> None:
    begun = NOW - HOUR
    made = series((begun + 4 * MINUTE, 150.0), starts=(start(begun, 60.0), start(begun, 40.0, "futures")))
    assert list(zip(made.at.tolist(), made.equity.tolist(), strict=True))[0] == (to_us(begun), 100.0)
    assert total_equity([made], np.array([to_us(begun + MINUTE)], dtype=np.int64)).tolist() == [100.0]


def test_no_reading_is_invented_where_there_is_no_point() -> None:
    assert series(starts=(start(NOW - HOUR, 60.0),)).at.tolist() == []


# the drawn curve


def drawn(points: list[tuple[datetime, float]], days: int = 1, *, complete: bool = True) -> Curve:
    rows = [row(at, equity, complete=complete) for at, equity in points]
    made = curves.build_series([ACCOUNT], rows, [], [])
    return draw_curve(made, rows, [], NOW - days * DAY, NOW)


@pytest.mark.parametrize("days", [1, 7, 30, 90, 365])
def test_a_curve_has_at_most_two_thousand_points_evenly_spaced_until_now(days: int) -> None:
    curve = drawn([(NOW - days * DAY, 1.0), (NOW, 2.0)], days)
    steps = {after - before for before, after in zip(curve.at, curve.at[1:], strict=False)}
    assert 100 < len(curve.at) <= MOST_POINTS
    assert len(steps) == 1
    assert curve.at[-1] == NOW
    assert curve.at[0] - steps.pop() < NOW - days * DAY <= curve.at[0]
    assert len(curve.equity) == len(curve.carried) == len(curve.at)


def test_a_curve_begins_where_the_history_does() -> None:
    curve = drawn([(NOW - 2 * HOUR, 10.0), (NOW, 12.0)])
    assert curve.at[0] == NOW - 2 * HOUR
    assert (curve.equity[0], curve.equity[-1]) == (10.0, 12.0)


def test_no_points_draw_no_curve() -> None:
    assert drawn([]).at == ()


def test_an_older_value_is_carried_and_marked_and_after_a_day_the_line_is_broken() -> None:
    curve = drawn([(NOW - 2 * DAY, 10.0)], 7)
    age = {
        NOW - 2 * DAY: (10.0, False),
        NOW - 2 * DAY + HOUR: (10.0, False),
        NOW - DAY: (10.0, True),
        NOW: (None, True),
    }
    found = {at: (equity, carried) for at, equity, carried in zip(curve.at, curve.equity, curve.carried, strict=True)}
    assert {at: found[at] for at in age} == age


def test_a_point_that_holds_an_older_value_of_a_wallet_is_marked() -> None:
    assert set(drawn([(NOW - 5 * n * MINUTE, 1.0) for n in range(20)]).carried) == {False}
    assert set(drawn([(NOW - 5 * n * MINUTE, 1.0) for n in range(20)], complete=False).carried) == {True}


def test_a_removed_account_counts_until_its_removal() -> None:
    gone = replace(ACCOUNT, removed_at=NOW - HOUR)
    rows = [row(NOW - 5 * n * MINUTE, 10.0, gone) for n in range(13, 40)]
    curve = draw_curve(curves.build_series([gone], rows, [], []), rows, [], NOW - DAY, NOW)
    value = dict(zip(curve.at, curve.equity, strict=True))
    assert (value[NOW - HOUR - 5 * MINUTE], value[NOW - HOUR], value[NOW]) == (10.0, None, None)


def test_flows_are_marked_inside_the_period_only() -> None:
    marks = [FlowMarker(NOW - days * DAY, 1.0, "USDT", Decimal(1), "Reserve") for days in (0, 1, 2)]
    assert draw_curve([], [], marks, NOW - DAY, NOW).flows == (marks[0], marks[1])


# trends


def test_a_trend_ends_at_the_total_and_what_came_in_is_no_part_of_it() -> None:
    begun = NOW - 3 * HOUR
    made = series((begun, 100.0), (NOW - 2 * HOUR, 180.0), (NOW, 190.0), starts=(start(begun, 100.0),))
    moves = [deposit(begun, 100.0), deposit(NOW - 2 * HOUR, 50.0)]
    spark = trend([made], moves, 40.0, NOW - DAY, NOW)
    assert (spark[0], spark[-1]) == (0.0, 40.0)
    assert sorted(set(spark)) == [0.0, 30.0, 40.0]
    assert len(spark) < curves.TREND_POINTS


def test_what_another_account_was_given_is_not_taken_from_this_one() -> None:
    other = replace(deposit(NOW - HOUR), account="another")
    spark = trend([series((NOW - DAY, 100.0), (NOW, 130.0))], [other], 30.0, NOW - DAY, NOW)
    assert set(spark) == {0.0, 30.0}


def test_a_trend_without_history_or_without_a_total_is_empty() -> None:
    assert trend([series()], [], 1.0, NOW - DAY, NOW) == ()
    assert trend([series((NOW, 1.0))], [], None, NOW - DAY, NOW) == ()

"""P&L of whole accounts: small books worked by hand, the acceptance vectors that need no breakdown, and properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.account_pnl import AccountSeries, ExternalFlow, cumulative_pnl, period_pnl, total_equity, twr

HOUR = 3_600_000_000


def series(name: str, *points: tuple[int, float], **extra: object) -> AccountSeries:
    """An account with points given in hours."""
    at = np.array([hour * HOUR for hour, _ in points], dtype=np.int64)
    return AccountSeries(name, at, np.array([value for _, value in points], dtype=float), **extra)  # type: ignore[arg-type]


def flow(account: str, hours: float, value: float | None) -> ExternalFlow:
    """A deposit or withdrawal at a time in hours."""
    kind = "deposit" if value is None or value > 0 else "withdrawal"
    return ExternalFlow(int(hours * HOUR), account, value, kind, "USDT")


def test_t01_a_deposit_is_no_profit() -> None:
    account = series("a", (0, 10_000), (10, 10_100), (11, 15_100), (24, 15_300))
    result = period_pnl([account], [flow("a", 10.5, 5_000)], 0, 24 * HOUR)
    assert result.total == pytest.approx(300)
    assert result.twr == pytest.approx(0.0233774834437)
    assert result.net_flows == 5_000


def test_t02_a_withdrawal_is_no_loss() -> None:
    account = series("a", (0, 10_000), (10, 10_000), (11, 6_000), (24, 6_120))
    result = period_pnl([account], [flow("a", 10, -4_000)], 0, 24 * HOUR)
    assert result.total == pytest.approx(120)
    assert result.twr == pytest.approx(0.02)


def test_t03_emptying_and_refilling_is_no_total_loss() -> None:
    account = series("a", (0, 1_000), (5, 1_100), (6, 0), (12, 0), (13, 500), (24, 550))
    result = period_pnl([account], [flow("a", 5, -1_100), flow("a", 12, 500)], 0, 24 * HOUR)
    assert result.total == pytest.approx(150)
    assert result.twr == pytest.approx(0.21)


def test_t04_an_account_that_joins_is_no_profit() -> None:
    first = series("a", (0, 10_000), (31, 10_500), (62, 10_710))
    joining = series("b", (31, 20_000), (62, 20_200))
    result = period_pnl([first, joining], [], 0, 62 * HOUR)
    assert result.total == pytest.approx(910)
    assert result.scope_flows == 20_000
    assert result.twr == pytest.approx(0.0641147540984)


def test_a_removed_account_takes_its_equity_out_and_leaves_its_profit() -> None:
    stays = series("a", (0, 1_000), (24, 1_100))
    gone = series("b", (0, 500), (10, 600), removed_at=12 * HOUR)
    result = period_pnl([stays, gone], [], 0, 24 * HOUR)
    assert result.total == pytest.approx(200)
    assert result.equity1 == 1_100


def test_an_account_removed_before_the_period_is_no_part_of_it() -> None:
    stays = series("a", (0, 1_000), (24, 1_100))
    gone = series("b", (0, 500), removed_at=5 * HOUR)
    for begin in (5, 10):
        result = period_pnl([stays, gone], [], begin * HOUR, 24 * HOUR)
        assert (result.total, result.equity1, result.status) == (100.0, 1_100.0, "ok")
    assert period_pnl([gone], [], 10 * HOUR, 24 * HOUR).status == "empty"


def test_a_wallet_read_for_the_first_time_is_capital_not_profit() -> None:
    account = series("a", (0, 1_000), (10, 1_400), (24, 1_450), starts=((0, 1_000.0), (10 * HOUR, 390.0)))
    assert period_pnl([account], [], 0, 24 * HOUR).total == pytest.approx(60)


def test_an_event_at_the_instant_of_a_point_belongs_to_the_next_interval() -> None:
    account = series("a", (0, 100), (10, 100), (11, 150))
    moved = [flow("a", 10, 50)]
    assert period_pnl([account], moved, 0, 10 * HOUR).total == 0
    assert period_pnl([account], moved, 0, 11 * HOUR).total == 0


def test_a_flow_without_a_price_makes_the_total_unknown() -> None:
    account = series("a", (0, 100), (10, 300))
    result = period_pnl([account], [flow("a", 5, None)], 0, 10 * HOUR)
    assert result.total is None
    assert [unvalued.asset for unvalued in result.unvalued] == ["USDT"]


def test_no_points_is_unknown_not_zero() -> None:
    result = period_pnl([series("a")], [], 0, HOUR)
    assert (result.status, result.total, result.equity1) == ("empty", None, None)


def test_an_equity_older_than_a_day_is_a_gap() -> None:
    result = period_pnl([series("a", (0, 100), (1, 110))], [], 0, 30 * HOUR)
    assert (result.status, result.total, result.equity1) == ("gap", None, None)


def test_the_curve_carries_the_last_point_of_each_account() -> None:
    accounts = [series("a", (0, 100), (2, 120)), series("b", (1, 50))]
    times = np.array([-1, 0, 1, 2, 3], dtype=np.int64) * HOUR
    np.testing.assert_array_equal(total_equity(accounts, times), [np.nan, 100, 150, 170, 170])


def test_twr_of_a_total_loss_is_minus_one() -> None:
    assert twr([(0, 100.0), (1, 0.0), (2, 50.0)], [(1, 50.0)]) == -1.0


def test_twr_without_capital_is_unknown() -> None:
    assert twr([(0, 0.0), (1, 0.5)], []) is None
    assert twr([(0, 5.0)], []) is None


amounts = st.integers(-2_000, 5_000).map(float)
steps = st.lists(st.tuples(amounts, st.floats(-0.3, 0.5)), min_size=1, max_size=12)


@given(steps)
def test_deposits_never_change_twr_nor_pnl(moves: list[tuple[float, float]]) -> None:
    plain, moved, flows = [(0, 10_000.0)], [(0, 10_000.0)], []
    expected = 1.0
    for number, (amount, rate) in enumerate(moves):
        hour = 2 * number
        amount = max(amount, -moved[-1][1] / 2)
        flows.append(flow("a", hour, amount))
        moved.append((hour + 1, moved[-1][1] + amount))
        moved.append((hour + 2, moved[-1][1] * (1 + rate)))
        plain.append((hour + 2, plain[-1][1] * (1 + rate)))
        expected *= 1 + rate
    end = 2 * len(moves) * HOUR
    with_flows = period_pnl([series("a", *moved)], flows, 0, end)
    without = period_pnl([series("a", *plain)], [], 0, end)
    assert without.twr == pytest.approx(expected - 1, abs=1e-9)
    assert with_flows.twr == pytest.approx(without.twr, abs=1e-9)


@given(steps, st.integers(1, 20))
def test_days_add_up_to_the_period_and_the_curve_ends_at_the_total(moves: list[tuple[float, float]], cut: int) -> None:
    value, points, flows = 1_000.0, [(0, 1_000.0)], []
    for number, (amount, rate) in enumerate(moves):
        flows.append(flow("a", number + 0.5, amount))
        value = (value + amount) * (1 + rate)
        points.append((number + 1, value))
    accounts = [series("a", *points), series("b", (1, 70.0), (len(moves) + 1, 75.0))]
    end = (len(moves) + 1) * HOUR
    middle = min(cut * HOUR, end)
    whole = period_pnl(accounts, flows, 0, end)
    parts = [period_pnl(accounts, flows, 0, middle), period_pnl(accounts, flows, middle, end)]
    assert whole.total == pytest.approx(sum(part.total or 0.0 for part in parts), abs=1e-6)
    times = np.array(sorted({0, middle, end}), dtype=np.int64)
    assert cumulative_pnl(accounts, flows, times)[-1] == pytest.approx(whole.total, abs=1e-6)

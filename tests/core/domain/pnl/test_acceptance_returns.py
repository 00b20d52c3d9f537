"""Traps of the product's list of acceptance vectors, on our own functions: flows, joins, currencies, time and rates."""

import pandas as pd
import pytest

from core.domain.pnl import daily_pnl, drawdown, equity_at, returns, risk_stats, xirr
from tests.core.domain.pnl.story import Story, at


def about(value: float) -> object:
    return pytest.approx(value, rel=1e-9, abs=1e-9)


def test_t01_a_deposit_is_no_profit() -> None:
    story = Story().read(0, "A", {"USDT": 10_000}).read(24, "A", {"USDT": 10_100})
    story.book_entry(24, "A", "deposit", 5_000).read(24.01, "A", {"USDT": 15_100}).read(48, "A", {"USDT": 15_300})
    assert story.pnl(0, 48).total == about(300)
    assert story.twr(0, 48) == about(0.0233774834437086)


def test_t02_a_withdrawal_is_no_loss() -> None:
    story = Story().read(0, "A", {"USDT": 10_000}).book_entry(1, "A", "withdrawal", -4_000)
    story.read(1.5, "A", {"USDT": 6_000}).read(24, "A", {"USDT": 6_120})
    assert story.pnl(0, 24).total == about(120)
    assert story.twr(0, 24) == about(0.02)


def test_t03_emptied_and_refilled_is_no_total_loss() -> None:
    story = Story().read(0, "A", {"USDT": 1_000}).read(1, "A", {"USDT": 1_100})
    story.book_entry(1.1, "A", "withdrawal", -1_100).read(1.5, "A", {})
    story.book_entry(30, "A", "deposit", 500).read(30.5, "A", {"USDT": 500}).read(31, "A", {"USDT": 550})
    assert story.pnl(0, 31).total == about(150)
    assert story.twr(0, 31) == about(0.21)


def test_t04_an_account_that_joins_brings_capital_and_no_profit() -> None:
    story = Story().read(0, "A", {"USDT": 10_000}).read(24, "A", {"USDT": 10_500}).read(24, "B", {"USDT": 20_000})
    story.read(48, "A", {"USDT": 10_710}).read(48, "B", {"USDT": 20_200})
    assert story.pnl(24, 48).total == about(410)
    assert story.twr(0, 48) == about(0.0641147540983607)


def test_t05_a_transfer_between_own_accounts_costs_its_fee_only() -> None:
    story = Story().read(0, "A", {"USDT": 5_000}).read(0, "B", {"USDT": 100})
    story.book_entry(1, "A", "transfer", -3_000, ref="t").book_entry(1.1, "B", "transfer", 2_999, ref="t")
    story.read(2, "A", {"USDT": 2_000}).read(2, "B", {"USDT": 3_099})
    assert story.pnl(0, 2).total == about(-1)
    assert (story.pnl(0, 2).net_flows, story.pnl(0, 2).fees) == (0, about(-1))


def test_t06_a_coin_counts_at_the_price_of_its_arrival() -> None:
    story = Story().read(0, "A", {"USDT": 10}).book_entry(1, "A", "deposit", 1, asset="ETH", price=3_000.0)
    story.read(2, "A", {"USDT": 10, "ETH": 1}, prices={"ETH": 3_300})
    assert story.pnl(0, 2).total == about(300)


def test_t07_reais_tell_trading_from_currency() -> None:
    story = Story(ccy="BRL").rate(0, 5.0).rate(1, 5.2).rate(2, 5.5).read(0, "A", {"USDT": 10_000})
    story.book_entry(1, "A", "deposit", 1_000).book_entry(2, "A", "realised", 330).read(3, "A", {"USDT": 11_330})
    found = story.pnl(0, 3)
    assert (found.total, found.realised, found.fx_effect) == (about(7_115), about(1_815), about(5_300))


def test_t08_a_conversion_inside_an_account_is_no_flow_and_no_profit() -> None:
    price = 124.9743801 / 106.03
    story = Story().read(0, "A", {"EUR": 106.03}, prices={"EUR": price})
    story.book_entry(1, "A", "trade", -106.03, asset="EUR", price=None, ref="c")
    story.book_entry(1, "A", "trade", 124.9743801, asset="USD", ref="c")
    story.read(2, "A", {"USD": 124.9743801}, prices={"EUR": price})
    found = story.pnl(0, 2)
    assert (found.total, found.net_flows, found.unexplained) == (about(0), 0, about(0))


def test_t09_a_coin_of_unknown_cost_gains_from_its_arrival_on() -> None:
    story = Story().read(0, "A", {"USDT": 1}).book_entry(1, "A", "deposit", 0.1, asset="BTC", price=58_000.0)
    story.book_entry(2, "A", "trade", -0.1, asset="BTC", price=None, ref="s")
    story.book_entry(2, "A", "trade", 6_000, ref="s").read(3, "A", {"USDT": 6_001})
    assert story.pnl(0, 3).total == about(200)


def test_t10_performance_does_not_jump_when_the_main_account_changes() -> None:
    story = Story().read(0, "A", {"USDT": 10_000}).read(24, "A", {"USDT": 10_200})
    story.read(24, "B", {"USDT": 25_000}).read(48, "B", {"USDT": 25_250})
    tenures = [story.twr(0, 24, scope=["A"]), story.twr(24, 48, scope=["B"])]
    linked = 1.0
    for rate in tenures:
        assert rate is not None
        linked *= 1 + rate
    assert linked - 1 == about(0.0302)


def test_t35_a_missing_price_keeps_the_last_one() -> None:
    story = Story().read(0, "A", {"USDT": 5_000, "X": 1}, prices={"X": 300.0})
    story.read(1, "A", {"USDT": 5_000, "X": 1}, prices={"X": float("nan")})
    assert equity_at(story.book(), at(1)).equity == about(5_300)
    assert story.pnl(0, 1).total == about(0)


def test_t37_dust_counts_in_the_total() -> None:
    coins = {f"D{n}": 0.05 for n in range(60)}
    assert equity_at(Story().read(0, "A", {"USDT": 1_000, **coins}).book(), at(0)).equity == about(1_003)


def test_t39_an_exchange_that_is_down_keeps_its_last_good_value_and_says_so() -> None:
    story = Story(cfg={"stale_after_s": 900.0})
    for wallet, amount in (("A", 10_000), ("B", 5_000), ("C", 2_000)):
        story.read(0, wallet, {"USDT": amount}).read(
            1, wallet, {"USDT": amount} if wallet != "B" else {}, ok=wallet != "B"
        )
    found = equity_at(story.book(), at(1))
    assert (found.equity, found.status, found.stale, found.fresh) == (about(17_000), "stale", ["B/um"], about(12_000))


def test_t42_late_funding_restates_the_day_it_belongs_to() -> None:
    story = Story().read(0, "A", {"USDT": 1_000}).book_entry(5, "A", "realised", 100).read(23, "A", {"USDT": 1_097})
    story.read(47, "A", {"USDT": 1_097})
    before = daily_pnl(story.book(), "2026-06-01", "2026-06-02")
    after = daily_pnl(story.book_entry(8, "A", "funding", -3).book(), "2026-06-01", "2026-06-02")
    assert (before[0].unexplained, before[0].funding) == (about(-3), 0)
    assert [(day.total, day.funding, day.unexplained) for day in after] == [(about(97), about(-3), about(0)), (0, 0, 0)]


def test_t43_many_small_amounts_sum_exactly() -> None:
    story = Story().read(0, "A", {"USDT": 1})
    for _number in range(1_000):
        story.book_entry(0.5, "A", "interest", 0.1)
    found = story.read(1, "A", {"USDT": 101}).pnl(0, 1)
    assert found.other_income == pytest.approx(100, abs=1e-9)
    assert found.unexplained == 0


def test_t44_a_fill_late_in_the_evening_belongs_to_the_local_day() -> None:
    story = Story(tz="America/Sao_Paulo").read(700, "A", {"USDT": 100})
    fill = (pd.Timestamp("2026-07-01T01:30Z") - at(0)) / pd.Timedelta(hours=1)
    story.book_entry(fill, "A", "realised", 7).read(fill + 0.2, "A", {"USDT": 107}).read(fill + 20, "A", {"USDT": 107})
    days = {day.date: day.realised for day in daily_pnl(story.book(), "2026-06-30", "2026-07-01")}
    assert days == {"2026-06-30": about(7), "2026-07-01": 0}


def test_t45_the_percentage_of_a_day_is_of_its_opening_equity() -> None:
    story = Story().read(0, "A", {"USDT": 10_000}).read(23, "A", {"USDT": 10_500})
    story.book_entry(3, "A", "realised", 500)
    assert daily_pnl(story.book(), "2026-06-01", "2026-06-01")[0].twr == about(0.05)


def test_t46_a_withdrawal_is_no_drawdown() -> None:
    steps = [{"ts": "2026-06-02", "r": 0.2}, {"ts": "2026-06-03", "r": -0.1}, {"ts": "2026-06-04", "r": 1200 / 5400}]
    assert drawdown(steps, "2026-06-01").max_drawdown == about(-0.1)
    story = Story().read(0, "A", {"USDT": 10_000}).read(24, "A", {"USDT": 12_000})
    story.book_entry(24, "A", "withdrawal", -6_000).read(24.1, "A", {"USDT": 6_000})
    story.read(48, "A", {"USDT": 5_400}).read(72, "A", {"USDT": 6_600})
    rates = [day.twr for day in daily_pnl(story.book(), "2026-06-01", "2026-06-03")]
    assert drawdown([{"ts": day, "r": rate} for day, rate in enumerate(rates)]).max_drawdown == about(-0.1)


def test_t47_sharpe_has_365_days() -> None:
    assert risk_stats([0.01, -0.01, 0.02, 0.0], cfg={"min_obs": 2}).sharpe == about(7.39932429347437)


def test_t48_the_money_weighted_return_counts_every_day() -> None:
    flows = [("2026-01-01", -10_000), ("2026-07-01", -5_000), ("2026-12-31", 16_500)]
    assert xirr([{"ts": ts, "value": value} for ts, value in flows]) == pytest.approx(0.120904, abs=1e-6)


def test_t49_the_books_close() -> None:
    story = Story().read(0, "A", {"USDT": 9_000, "BNB": 2}, prices={"BNB": 500.0})
    for hour, kind, amount in ((1, "deposit", 500), (2, "withdrawal", -200), (3, "realised", 320), (4, "fee", -45),
                               (5, "funding", -15), (6, "airdrop", 8), (7, "interest", -2)):  # fmt: skip
        story.book_entry(hour, "A", kind, amount)
    story.read(8, "A", {"USDT": 9_566, "BNB": 2}, prices={"BNB": 470.0}).holds(8, "A", 90.0)
    found = story.pnl(0, 8)
    assert (found.equity0, found.equity1, found.total) == (about(10_000), about(10_596), about(296))
    assert (found.net_flows, found.unexplained, found.price_effect) == (about(300), about(0), about(-60))


def test_a_deposit_of_any_size_leaves_the_return_as_it_is() -> None:
    rates = set()
    for deposit in (1.0, 1_000.0, 1e6):
        story = (
            Story().read(0, "A", {"USDT": 1_000}).read(1, "A", {"USDT": 1_100}).book_entry(1, "A", "deposit", deposit)
        )
        story.read(1.01, "A", {"USDT": 1_100 + deposit}).read(2, "A", {"USDT": (1_100 + deposit) * 0.9})
        rates.add(round(returns(story.book(), at(0), at(2)).twr or 0.0, 12))
    assert rates == {round(1.1 * 0.9 - 1, 12)}

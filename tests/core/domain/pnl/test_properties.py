"""What must hold for any book: sums close, windows add up, scale and names do not matter (PNL.md section 20)."""

import random
from dataclasses import asdict
from typing import Any

import pandas as pd
import pytest

from core.domain.pnl import Book, attribution, daily_pnl, equity_at, period_pnl, returns
from core.domain.pnl.book import COMPONENTS
from tests.core.domain.pnl.random_book import START, World

SEEDS = range(4)
END = START + pd.Timedelta(hours=72)
MONEY = ("total", *COMPONENTS, "net_flows", "scope_flows")


def inside(hours: float) -> pd.Timestamp:
    return START + pd.Timedelta(hours=hours)


def found_flows(parts: dict[str, Any]) -> float:
    return float(parts["net_flows"] + parts["scope_flows"])


def total(book: Book, t0: pd.Timestamp = START, t1: pd.Timestamp = END) -> float:
    found = period_pnl(book, t0, t1).total
    assert found is not None
    return found


def with_rates(world: World, per_usd: tuple[float, ...]) -> Book:
    rows = [{"ts": inside(24 * day - 1), "ccy": "BRL", "per_usd": rate} for day, rate in enumerate(per_usd)]
    return world.book(ccy="BRL", fx=pd.DataFrame(rows))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_components_sum_to_the_total_and_the_total_to_the_change(seed: int) -> None:
    for book in (World(seed).book(), with_rates(World(seed), (5.0, 5.5, 5.2))):
        found = period_pnl(book, inside(3), inside(70.5))
        parts = asdict(found)
        assert sum(parts[name] for name in COMPONENTS) == pytest.approx(found.total, abs=1e-6)
        change = parts["equity1"] - parts["equity0"] - found_flows(parts)
        assert change == pytest.approx(found.total, abs=1e-6)
        assert found.unexplained == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_days_sum_to_the_period(seed: int) -> None:
    book = World(seed).book(tz="America/Sao_Paulo")
    days = daily_pnl(book, "2026-02-28", "2026-03-03")
    whole = asdict(period_pnl(book, days[0].t0, days[-1].t1))
    for name in MONEY:
        assert sum(asdict(day)[name] for day in days) == pytest.approx(whole[name], abs=1e-6), name


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("by", ["wallet", "account", "exchange", "asset", "symbol"])
def test_every_attribution_sums_to_the_total(seed: int, by: str) -> None:
    book = World(seed).book()
    rows = attribution(book, inside(5.3), inside(61.7), by)
    whole = asdict(period_pnl(book, inside(5.3), inside(61.7)))
    for name in MONEY:
        assert rows[name].sum() == pytest.approx(whole[name], abs=1e-6), name


@pytest.mark.parametrize("seed", SEEDS)
def test_a_failed_poll_changes_no_total_between_good_ones(seed: int) -> None:
    world, rng = World(seed), random.Random(seed)
    everything = {(where, hour) for where in world.wallets for hour in range(world.hours + 1)}
    missed = {one for one in everything if 0 < one[1] < 72 and rng.random() < 0.3}
    full, holed = world.book(), world.book(read=everything - missed)
    whole, part = period_pnl(full, START, END), period_pnl(holed, START, END)
    assert part.total == pytest.approx(whole.total, abs=1e-6)
    assert part.net_flows == pytest.approx(whole.net_flows, abs=1e-6)
    assert part.unexplained == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_times_the_money_is_ten_times_the_profit_at_the_same_return(seed: int) -> None:
    small, large = World(seed).book(), World(seed).book(scale=10)
    assert total(large) == pytest.approx(10 * total(small), abs=1e-6)
    assert returns(large, START, END).twr == pytest.approx(returns(small, START, END).twr, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_name_of_a_wallet_does_not_matter(seed: int) -> None:
    world = World(seed)
    whole = period_pnl(world.book(), START, END)
    parts = [period_pnl(world.book(), START, END, scope=[f"{a}/{w}"]) for a, w in world.wallets]
    on_the_way = equity_at(world.book(), END).in_transit
    assert on_the_way is not None
    sums = sum(part.equity1 or 0.0 for part in parts) + on_the_way
    assert sums == pytest.approx(whole.equity1, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_coin_that_never_moves_gives_the_same_figures_as_dollars(seed: int) -> None:
    flat = with_rates(World(seed), (1.0, 1.0, 1.0))
    usd, brl = asdict(period_pnl(flat, START, END, ccy="USD")), asdict(period_pnl(flat, START, END))
    for name in ("equity0", "equity1", *MONEY):
        assert brl[name] == pytest.approx(usd[name], abs=1e-6), name
    assert brl["status"] == usd["status"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_deleted_ledger_row_appears_as_unexplained_to_the_cent(seed: int) -> None:
    world = World(seed)
    lost = next(entry for entry in world.entries if entry["kind"] in ("realised", "fee", "interest", "funding"))
    whole = world.book()
    assert whole.ledger is not None
    poorer = Book(**{name: getattr(whole, name) for name in ("accounts", "snapshots", "balances")},
                  ledger=whole.ledger[whole.ledger["id"] != lost["id"]])  # fmt: skip
    hour = int((lost["ts"] - START) / pd.Timedelta(hours=1)) + 1
    found = period_pnl(poorer, inside(hour - 1), inside(hour))
    assert found.unexplained == pytest.approx(lost["amount"] * world.prices[hour][lost["asset"]], abs=1e-6)
    assert found.total == pytest.approx(total(whole, inside(hour - 1), inside(hour)), abs=1e-6)

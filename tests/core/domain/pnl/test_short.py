"""What is added up in plain numbers is what the book says; where it would not be, nothing is said."""

import random
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from core.domain.pnl import Book, flows, period_pnl, returns
from core.domain.pnl.attribution import attribution
from core.domain.pnl.book import COMPONENTS, instant
from core.domain.pnl.short import Entry, Held, ShortPnl, short_pnl
from tests.core.domain.pnl.random_book import START, World

HOUR = pd.Timedelta(hours=1)
STALE = 4000.0
MONEY = ("total", *COMPONENTS, "net_flows")


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def held_of(book: Book) -> dict[str, list[Held]]:
    assets: dict[tuple[str, int], dict[str, tuple[float, float]]] = {}
    for row in rows_of(book.tables["balances"]):
        key = (f"{row['account']}/{row['wallet']}", instant(row["ts"]))
        assets.setdefault(key, {})[row["asset"]] = (row["amount"], row["price"])
    found: dict[str, list[Held]] = {}
    for wallet, us in sorted(assets):
        found.setdefault(wallet, []).append(Held.of(us, assets[wallet, us], 0.0))
    return found


def entries_of(book: Book) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for row in rows_of(book.tables["ledger"].sort_values(["ts", "id"])):
        key = f"{row['account']}/{row['wallet']}"
        price = None if pd.isna(row["price"]) else float(row["price"])
        amount, at = Decimal(str(row["amount"])), instant(row["ts"])
        entry = Entry(row["id"], at, key, row["kind"], row["asset"], amount, price, row["ref"], row["txid"])
        found.setdefault(key, []).append(entry)
    return found


def short_of(book: Book, t0: pd.Timestamp, t1: pd.Timestamp) -> ShortPnl | None:
    return short_pnl(held_of(book), entries_of(book), instant(t0), instant(t1), stale_after_s=STALE)


def worlds() -> list[tuple[Book, pd.Timestamp, pd.Timestamp]]:
    """Return books of three wallets that trade, pay and send to each other, with a period of some hours of each."""
    found = []
    for seed in range(60):
        rng = random.Random(seed)
        hours = rng.randrange(3, 14)
        book = World(seed, hours=hours).book(cfg={"stale_after_s": STALE})
        begin = START + rng.randrange(0, 2) * HOUR + pd.Timedelta(minutes=rng.randrange(0, 60))
        found.append((book, begin, START + hours * HOUR + pd.Timedelta(minutes=rng.randrange(0, 60))))
    return found


def same(mine: Mapping[str, float], theirs: Mapping[str, Any]) -> None:
    for name in MONEY:
        assert mine[name] == pytest.approx(theirs[name], abs=1e-6), name


def test_random_books_say_the_same_in_every_figure() -> None:
    said = 0
    for book, t0, t1 in worlds():
        short = short_of(book, t0, t1)
        if short is None:
            continue
        said += 1
        whole = period_pnl(book, t0, t1)
        same(short.money, asdict(whole))
        assert (whole.status, len(whole.unpriced), whole.scope_flows) == ("ok", 0, 0)
        assert short.equity0 == pytest.approx(whole.equity0, abs=1e-6)
        assert short.equity1 == pytest.approx(whole.equity1, abs=1e-6)
        assert short.unexplained_ok is whole.unexplained_ok
        assert short.twr == pytest.approx(returns(book, t0, t1).twr, abs=1e-12)
        table = flows(book, t0, t1)
        told = sorted((one.id, one.usd) for one in short.flows)
        assert [one for one, _usd in told] == sorted(table["id"])
        assert sum(usd for _one, usd in told) == pytest.approx(table["value"].sum(), abs=1e-6)
    assert said > 30


def test_transfers_between_the_wallets_are_among_them() -> None:
    counted = 0
    for book, t0, t1 in worlds():
        short = short_of(book, t0, t1)
        if short is not None:
            sent = {e.id for some in entries_of(book).values() for e in some if e.kind == "transfer"}
            counted += len(sent - {one.id for one in short.flows}) > 1
    assert counted > 10


def test_the_parts_of_an_account_are_those_that_its_increments_say() -> None:
    compared = 0
    for book, t0, t1 in worlds()[:20]:
        short = short_of(book, t0, t1)
        if short is None:
            continue
        for row in rows_of(attribution(book, t0, t1, "account")):
            if row["key"] != "(in transit)":
                same(short.by_account[row["key"]], row)
                compared += 1
    assert compared >= 10


def plain(**balance: object) -> Book:
    """Return one wallet with two bitcoins at 100, then at 110."""
    row = {"account": "A", "wallet": "spot", "asset": "BTC", "amount": 2.0}
    times = [START + n * HOUR for n in range(2)]
    balances = [{**row, "ts": at, "price": 100.0 + 10 * n} for n, at in enumerate(times)]
    balances[1] |= balance
    snapshots = [{"account": "A", "wallet": "spot", "ts": at, "ok": True} for at in times]
    return Book(
        accounts=pd.DataFrame([{"account": "A", "exchange": "x"}]),
        snapshots=pd.DataFrame(snapshots),
        balances=pd.DataFrame(balances),
    )


def test_a_move_of_the_price_is_worked_out_by_hand() -> None:
    short = short_of(plain(), START, START + HOUR)
    assert short is not None
    assert (short.equity0, short.equity1, short.money["price_effect"]) == (200, 220, 20)
    assert short.twr == pytest.approx(0.1)


def test_what_nobody_booked_is_unexplained_and_not_within_tolerance() -> None:
    short = short_of(plain(amount=3.0), START, START + HOUR)
    assert short is not None
    assert (short.money["unexplained"], short.money["price_effect"], short.unexplained_ok) == (110, 20, False)


def test_an_old_reading_takes_a_book() -> None:
    assert short_of(plain(), START, START + 3 * HOUR) is None


def test_a_wallet_that_joins_takes_a_book() -> None:
    assert short_of(plain(), START - HOUR, START + HOUR) is None


def test_money_on_its_way_at_the_end_takes_a_book() -> None:
    held = {name: [Held.of(n * 10**9, {"USD": (5.0, 1.0)}, 0.0) for n in range(3)] for name in ("A/spot", "B/spot")}
    out = Entry("1", 10**8, "A/spot", "transfer", "USD", Decimal(-1), 1.0, "x")
    into = Entry("2", 2 * 10**9 + 1, "B/spot", "transfer", "USD", Decimal(1), 1.0, "x")
    entries = {"A/spot": [out], "B/spot": [into]}
    assert short_pnl(held, entries, 0, 2 * 10**9, stale_after_s=STALE) is None
    assert short_pnl(held, {"A/spot": [out]}, 0, 2 * 10**9, stale_after_s=STALE) is not None


def test_an_entry_without_a_price_takes_a_book() -> None:
    held = {"A/spot": [Held.of(n * 10**9, {"USD": (5.0, 1.0)}, 0.0) for n in range(2)]}
    entries = {"A/spot": [Entry("1", 5, "A/spot", "deposit", "ODD", Decimal(1), None, None)]}
    assert short_pnl(held, entries, 0, 10**9, stale_after_s=STALE) is None

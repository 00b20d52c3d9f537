"""A year of made-up history of one account, as storage holds it after thinning and packing."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby

import numpy as np
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase

from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint
from core.domain.types import ExchangeAccount
from core.persistence.buckets import SPANS, Bar
from core.persistence.bulk import insert_rows
from core.persistence.equity_codec import pack_equity
from core.persistence.point_codec import pack_points
from core.persistence.repositories.equity_packs import CLOSED_AFTER, WORTH_A_PACK
from core.persistence.repositories.history import SPANS as DETAIL_SPANS

Rows = list[dict[str, object]]
ASSETS, ENTRIES_A_DAY = 20, 20
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEPT = ((30, 2), (300, 30), (3600, 365), (86_400, 365))
CLOSED_SECONDS = int(CLOSED_AFTER.total_seconds())


def write(connection: Connection, model: type[DeclarativeBase], rows: Rows) -> None:
    """Write many rows the quick way."""
    insert_rows(connection, model, as_they_are, rows)


def as_they_are(insert: sqlite.Insert) -> sqlite.Insert:
    """Return an INSERT that expects no row to be there already."""
    return insert


def year_of_equity(seed: int, *, fast: bool) -> Iterator[tuple[int, list[Bar]]]:
    """Return (bucket size, points that a year leaves): what readings within a second of their time have made.

    Equity walks with every bit of a float (a mean step of 1e-4 in 30 s), open P&L has the eight places of exchanges.
    """
    chance, step, now = np.random.default_rng(seed), 30 if fast else 300, int(NOW.timestamp())
    times = np.arange(now - 365 * 86_400, now, step)
    equity = 100_000.0 * np.exp(np.cumsum(chance.normal(0, 1e-4 * (step / 30) ** 0.5, len(times))))
    pnl = np.round(np.cumsum(chance.normal(0, 5 * (step / 30) ** 0.5, len(times))), 8)
    micros = times * 1_000_000 + chance.integers(0, 1_000_000, len(times))
    for seconds, days in KEPT:
        kept = slice(int(np.searchsorted(times, now - days * 86_400)), None)
        buckets = times[kept] // seconds
        first = np.flatnonzero(np.diff(buckets, prepend=buckets[0] - 1))
        last = np.append(first[1:], len(buckets)) - 1
        own = equity[kept]
        columns = (
            micros[kept][last], own[first], np.maximum.reduceat(own, first), np.minimum.reduceat(own, first),
            own[last], pnl[kept][last], np.full(len(first), True),
        )  # fmt: skip
        yield seconds, list(zip(*(column.tolist() for column in columns), strict=True))


def as_stored(account: ExchangeAccount, key: int, seconds: int, bars: Sequence[Bar]) -> tuple[Rows, Rows]:
    """Return packs and rows of one bucket size as they stand half an hour after packing, on the way to the next."""
    closed = int(NOW.timestamp() * 1e6) - (CLOSED_SECONDS + 1800) * 1_000_000
    width, span = seconds * 1_000_000, SPANS[seconds] * 1_000_000
    packed = min(sum(bar[0] // width < closed // width for bar in bars), len(bars) - WORTH_A_PACK // 2)
    packs = [
        {
            "account_key": key, "client_id": account.user_id, "bucket_seconds": seconds, "period": period,
            "first_us": some[0][0], "points": pack_equity(some, seconds),
        }
        for period, group in groupby(bars[:packed], key=lambda bar: bar[0] // span)
        if (some := list(group))
    ]  # fmt: skip
    names = ("at_us", "open", "high", "low", "close", "unrealized", "complete")
    place = {"account_key": key, "bucket_seconds": seconds, "client_id": account.user_id}
    rows = [{**place, "bucket": bar[0] // width, **dict(zip(names, bar, strict=True))} for bar in bars[packed:]]
    return packs, rows


def year_of_packs(*, fast: bool) -> Iterator[tuple[int, int, bytes, int]]:
    """Return (bucket size, period, pack, points in it) of one account's year."""
    world, now = World(), int(NOW.timestamp())
    for seconds, days in KEPT:
        step, span = seconds if fast or seconds > 30 else 300, DETAIL_SPANS[seconds]
        begins = range((now - days * 86_400) // span * span, now // span * span, span)
        for begin in begins:
            points = [world.point(at) for at in range(begin, begin + span, step)]
            yield seconds, begin // span, pack_points(points), len(points)


class World:
    """Prices that walk, amounts of which one in fifty changes from one reading to the next, two open positions."""

    def __init__(self) -> None:
        """Start somewhere."""
        self._prices = [Decimal(random.randint(1000, 9_999_999)).scaleb(-3) for _ in range(ASSETS)]
        self._amounts = [Decimal(random.randint(10**6, 10**12)).scaleb(-8) for _ in range(ASSETS)]

    def point(self, at: int) -> DetailPoint:
        """Return the next reading."""
        for n in range(ASSETS):
            self._prices[n] = max(Decimal("0.001"), self._prices[n] + Decimal(random.randint(-400, 400)).scaleb(-3))
            if random.random() < 0.02:
                self._amounts[n] += Decimal(random.randint(-(10**8), 10**9)).scaleb(-8)
        held = [HeldAsset(f"AST{n}", self._amounts[n], self._prices[n]) for n in range(ASSETS)]
        legs = tuple(
            OpenLeg(
                f"AST{n}/USDT:USDT", "long", "USDT", qty=Decimal("1.5"), upnl=(self._prices[n] - 500) * Decimal("1.5"),
                settle_price=Decimal(1), mark=self._prices[n], entry=Decimal(500),
            )
            for n in range(2)
        )  # fmt: skip
        wallets = (
            WalletPoint("spot", True, tuple(held[: ASSETS // 2])),
            WalletPoint("usdm", True, tuple(held[ASSETS // 2 :]), legs),
        )
        return DetailPoint(datetime.fromtimestamp(at, UTC) + timedelta(microseconds=random.randint(0, 10**6)), wallets)


def year_of_entries(account: ExchangeAccount) -> Iterator[dict[str, object]]:
    """Return a year of ledger rows."""
    step = timedelta(days=1) / ENTRIES_A_DAY
    for n in range(365 * ENTRIES_A_DAY):
        yield {
            "account_id": account.id, "wallet": "usdm", "dedupe_key": f"FUNDING_FEE:{9_000_000_000 + n}:USDT",
            "client_id": account.user_id, "native_id": str(9_000_000_000 + n), "kind": "funding", "asset": "USDT",
            "amount": Decimal(random.randint(-(10**9), 10**9)).scaleb(-8), "booked_at": NOW - n * step,
            "price": Decimal(1), "symbol": "BTC/USDT:USDT", "venue_type": "FUNDING_FEE",
        }  # fmt: skip


def year_of_days(account: ExchangeAccount) -> Iterator[dict[str, object]]:
    """Return a year of day rows: the account's own and a tenth of the client's."""
    figures = {
        name: random.gauss(0, 1000)
        for name in (
            "equity0", "equity1", "net_flows", "scope_flows", "total", "realised", "unrealised_change", "funding",
            "fees", "other_income", "price_effect", "fx_effect", "unexplained", "twr",
        )
    }  # fmt: skip
    for n in range(365):
        begin = NOW.replace(hour=3) - timedelta(days=n + 1)
        yield {
            "client_id": account.user_id, "scope": str(account.id), "day": begin.date(), "currency": "USD",
            "account_id": account.id, "time_zone": "America/Sao_Paulo", "begins_at": begin,
            "ends_at": begin + timedelta(days=1), **figures, "unexplained_ok": True, "status": "ok", "settled": True,
            "revised": False, "computed_at": NOW,
        }  # fmt: skip

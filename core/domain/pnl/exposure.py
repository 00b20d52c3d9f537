"""What is at stake at an instant: long, short, leverage, delta, margin, distance to liquidation (PNL.md section 9)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.domain.pnl.book import Book, Scope, instant
from core.domain.pnl.equity import equity_at
from core.domain.pnl.wallets import Wallet, rates, readings

NO_DELTA = frozenset(("USDT", "USDC", "FDUSD", "USD", "EUR", "BRL"))


@dataclass(frozen=True, slots=True)
class Exposure:
    """Notional values of a scope in its currency; `leverage` is gross notional over equity, None without equity.

    `delta_by_asset` is coins held plus signed notional by base; `margin_ratio` is maintenance margin over margin
    balance (liquidation at 1); `distance` is the ratio the mark may move before liquidation, an estimate.
    """

    equity: float | None
    long: float
    short: float
    gross: float
    net: float
    leverage: float | None
    min_distance: float | None
    by_symbol: list[dict[str, Any]]
    delta_by_asset: dict[str, float]
    positions: list[dict[str, Any]]
    wallets: list[dict[str, Any]]


def exposure(book: Book, t: Any, scope: Scope = None, ccy: str | None = None) -> Exposure:  # noqa: ANN401
    """Return the exposure of a scope at one instant, from the last good reading of each wallet."""
    currency = ccy or book.ccy
    us = instant(t)
    now = equity_at(book, t, scope, currency)
    held = _positions(book, us, scope, currency)
    long = float(held.loc[held["side"] == "long", "notional"].sum())
    short = float(held.loc[held["side"] == "short", "notional"].sum())
    gross, distances = long + short, held["distance"].dropna()
    leverage = gross / now.equity if now.equity is not None and now.equity > 0 else None
    shown = held.sort_values(["wallet", "symbol", "side"])[["wallet", "symbol", "side", "notional", "upnl", "distance"]]
    return Exposure(
        equity=now.equity,
        long=long,
        short=short,
        gross=gross,
        net=long - short,
        leverage=leverage,
        min_distance=float(distances.min()) if len(distances) else None,
        by_symbol=_by_symbol(held),
        delta_by_asset=_delta(book, us, scope, currency, held),
        positions=[{str(name): _plain(value) for name, value in row.items()} for row in shown.to_dict("records")],
        wallets=_margins(book, us, scope, currency, held),
    )


def _effective(book: Book, us: int, scope: Scope) -> list[tuple[Wallet, int]]:
    found = []
    for wallet in readings(book).of(scope):
        index = int(wallet.index_at(np.array([us], dtype=np.int64))[0])
        if index >= 0 and us < wallet.removed_us:
            found.append((wallet, index))
    return found


def _positions(book: Book, us: int, scope: Scope, ccy: str) -> pd.DataFrame:
    table, x = readings(book).positions, rates(book, ccy)
    parts = []
    for wallet, index in _effective(book, us, scope):
        part = table[(table["wallet"] == wallet.key) & (table["index"] == index) & (table["qty"] != 0)]
        parts.append(part.assign(x=x.one(int(wallet.at[index]))))
    held = pd.concat(parts, ignore_index=True) if parts else table.iloc[:0].assign(x=np.nan)
    face = held["qty"].abs() * held["multiplier"].fillna(1.0)
    linear = face * held["mark"] * held["settle_price"]
    held["notional"] = np.where(held["contract"] == "inverse", face, linear) * held["x"]
    held["upnl"] = held["usd"] * held["x"]
    away = np.where(held["side"] == "short", held["liq"] - held["mark"], held["mark"] - held["liq"])
    held["distance"] = np.where(held["liq"].fillna(0) > 0, away / held["mark"], np.nan)
    return held


def _by_symbol(held: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for symbol, part in held.groupby("symbol", sort=True):
        long = float(part.loc[part["side"] == "long", "notional"].sum())
        short = float(part.loc[part["side"] == "short", "notional"].sum())
        rows.append({"symbol": symbol, "long": long, "short": short, "gross": long + short, "net": long - short})
    return rows


def _delta(book: Book, us: int, scope: Scope, ccy: str, held: pd.DataFrame) -> dict[str, float]:  # noqa: PLR0913
    rows, x = readings(book).rows, rates(book, ccy)
    delta: dict[str, float] = {}
    for wallet, index in _effective(book, us, scope):
        mine = rows[(rows["wallet"] == wallet.key) & (rows["index"] == index) & ~rows["asset"].isin(NO_DELTA)]
        rate = x.one(int(wallet.at[index]))
        for asset, worth in zip(mine["asset"], mine["amount"] * mine["price"], strict=True):
            if not np.isnan(worth):
                delta[asset] = delta.get(asset, 0.0) + float(worth) * rate
    for base, side, notional in zip(held["base"], held["side"], held["notional"], strict=True):
        if base is not None and not np.isnan(notional):
            delta[base] = delta.get(base, 0.0) + (-notional if side == "short" else notional)
    return {asset: value for asset, value in sorted(delta.items()) if value}


def _margins(book: Book, us: int, scope: Scope, ccy: str, held: pd.DataFrame) -> list[dict[str, Any]]:  # noqa: PLR0913
    x, found = rates(book, ccy), []
    for wallet, index in _effective(book, us, scope):
        mine = held[held["wallet"] == wallet.key]
        if not len(mine):
            continue
        balance = float(wallet.usd[index])
        needed = (mine["mm"] * mine["settle_price"]).sum(skipna=False)
        ratio = float(needed) / balance if balance > 0 and not np.isnan(needed) else None
        rate = x.one(int(wallet.at[index]))
        found.append({"wallet": wallet.key, "margin_balance": balance * rate, "margin_ratio": ratio})
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401 (a cell of a table)
    return None if isinstance(value, float) and np.isnan(value) else value

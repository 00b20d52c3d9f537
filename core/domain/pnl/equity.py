"""Equity at an instant: each wallet's last good value, what is on the way, how far to trust it (PNL.md 2, 13)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from core.domain.pnl.book import Book, Scope, instant, stamp
from core.domain.pnl.tape import SECOND, Times, Values
from core.domain.pnl.transit import in_transit
from core.domain.pnl.wallets import Wallet, rates, readings, stale_after_us

RANK = {"empty": 0, "ok": 1, "stale": 2, "gap": 3, "no_fx": 4}


@dataclass(frozen=True, slots=True)
class Equity:
    """Value of a scope in a currency at `ts`.

    `equity` is None in a gap or without a rate; `carried` is all that is known, `fresh` is without what is old and what
    is on the way; `as_of` is the time of the oldest reading that counts; `unpriced` names what is held without a price.
    """

    ts: pd.Timestamp
    equity: float | None
    carried: float | None
    fresh: float | None
    in_transit: float | None
    status: str
    stale: list[str] = field(default_factory=list)
    gap: list[str] = field(default_factory=list)
    unpriced: list[dict[str, Any]] = field(default_factory=list)
    as_of: pd.Timestamp | None = None


def equity_at(book: Book, t: Any, scope: Scope = None, ccy: str | None = None) -> Equity:  # noqa: ANN401
    """Return the equity of a scope at one instant, in the book's currency unless another is named."""
    return equity_series(book, [t], scope, ccy)[0]


def equity_series(book: Book, times: Iterable[Any], scope: Scope = None, ccy: str | None = None) -> list[Equity]:
    """Return the equity of a scope at each of the instants."""
    us = np.array([instant(t) for t in times], dtype=np.int64)
    currency = ccy or book.ccy
    worth = _Worth.of(book, us, scope, currency)
    return [_equity(book, worth, n, int(t)) for n, t in enumerate(us)]


def carried_values(book: Book, times: Times, scope: Scope, ccy: str) -> Values:
    """Return the carried equity at each instant (microseconds), NaN without a rate, 0 where nothing counts yet."""
    return _Worth.of(book, times, scope, ccy).carried


@dataclass(frozen=True, slots=True)
class _Worth:
    wallets: list[Wallet]
    index: list[Times]
    counts: list["np.typing.NDArray[np.bool_]"]
    values: list[Values]
    transit: Values
    carried: Values

    @classmethod
    def of(cls, book: Book, times: Times, scope: Scope, ccy: str) -> "_Worth":
        x = rates(book, ccy)
        wallets = readings(book).of(scope)
        index, counts, values = [], [], []
        for wallet in wallets:
            at = wallet.index_at(times)
            counted = (at >= 0) & (times < wallet.removed_us)
            worth = _product(wallet.usd, x.at(wallet.at))
            index.append(at)
            counts.append(counted)
            values.append(np.where(counted, worth[np.maximum(at, 0)], 0.0))
        transit = _product(in_transit(book, times, scope), x.at(times))
        carried = np.sum(values, axis=0) + transit if values else transit
        return cls(wallets, index, counts, values, transit, carried)


def _product(usd: Values, x: Values) -> Values:
    """Return usd * x, zero where there is nothing to convert, though the rate be unknown."""
    with np.errstate(invalid="ignore"):
        return np.where(usd == 0, 0.0, usd * x)


def _equity(book: Book, worth: _Worth, n: int, t: int) -> Equity:
    counted = [
        (wallet, int(wallet.at[index[n]]), float(values[n]))
        for wallet, index, counts, values in zip(worth.wallets, worth.index, worth.counts, worth.values, strict=True)
        if counts[n]
    ]
    ages = {wallet.key: t - at for wallet, at, _value in counted}
    gap = sorted(key for key, age in ages.items() if age > book.rules["gap_after_s"] * SECOND)
    stale = sorted(key for key, age in ages.items() if age > stale_after_us(book) and key not in gap)
    carried = float(worth.carried[n])
    status = "gap" if gap else "stale" if stale else "ok" if counted else "empty"
    if np.isnan(carried):
        status = "no_fx"
    old = {*gap, *stale}
    fresh = sum(value for wallet, _at, value in counted if wallet.key not in old)
    return Equity(
        ts=stamp(t),
        equity=None if status in ("gap", "no_fx") else carried,
        carried=_known(carried),
        fresh=_known(fresh),
        in_transit=_known(float(worth.transit[n])),
        status=status,
        stale=stale,
        gap=gap,
        unpriced=_unpriced(book, [(wallet.key, wallet.index_at(np.array([t]))[0]) for wallet, _at, _v in counted]),
        as_of=stamp(min(at for _wallet, at, _value in counted)) if counted else None,
    )


def worse(statuses: Sequence[str]) -> str:
    """Return the worst of the statuses; an empty one counts only where all are."""
    return max(statuses, key=lambda status: RANK[status])


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _unpriced(book: Book, where: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """Return wallet, asset and amount of everything held at those snapshots that has no price."""
    silent = _silent_rows(book)
    if not silent:
        return []
    return [
        {"wallet": key, "asset": asset, "amount": amount}
        for key, index in where
        for asset, amount in silent.get((key, int(index)), ())
    ]


def _silent_rows(book: Book) -> dict[tuple[str, int], list[tuple[str, float]]]:
    if "silent" not in book.derived:
        rows = readings(book).rows
        rows = rows[rows["price"].isna() & (rows["amount"] != 0)]
        found: dict[tuple[str, int], list[tuple[str, float]]] = {}
        for wallet, index, asset, amount in zip(
            rows["wallet"], rows["index"], rows["asset"], rows["amount"], strict=True
        ):
            found.setdefault((str(wallet), int(index)), []).append((str(asset), float(amount)))
        book.derived["silent"] = found
    silent: dict[tuple[str, int], list[tuple[str, float]]] = book.derived["silent"]
    return silent

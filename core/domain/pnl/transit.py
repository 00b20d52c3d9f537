"""What is on its way between two wallets of a scope (PNL.md section 2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.domain.pnl.book import Book, Scope, in_scope
from core.domain.pnl.events import leg_places, live_pairs
from core.domain.pnl.tape import Tape, Times, Values
from core.domain.pnl.transfers import transfer_pairs
from core.domain.pnl.wallets import NEVER, rates, readings

IN_TRANSIT = "(in transit)"
NOISE = 1e-12


@dataclass(frozen=True, slots=True)
class Journeys:
    """The transfers of one asset inside a scope: when each end was first seen by its wallet (NEVER: not yet)."""

    asset: str
    numbers: tuple[int, ...]
    amount: Values
    out_seen: Times
    in_seen: Times
    out_price: Values
    tape: Tape | None

    def usd_at(self, times: Times) -> Values:
        """Return the value under way at each instant, at the latest known price, else the one at sending."""
        first, last = np.minimum(self.out_seen, self.in_seen), np.maximum(self.out_seen, self.in_seen)
        begun = np.searchsorted(np.sort(first), times, side="right")
        under_way = begun > np.searchsorted(np.sort(last), times, side="right")
        found = np.zeros(len(times))
        for n in np.flatnonzero(under_way):
            away = self._away_at(int(times[n]))
            price = self._price_at(int(times[n]))
            found[n] = float(np.sum(away * self.amount * np.where(np.isnan(price), self.out_price, price)))
        return found

    def _away_at(self, time: int) -> Values:
        """Return 1 where only the sender has seen it, -1 where only the receiver has, else 0."""
        return (self.out_seen <= time).astype(np.float64) - (self.in_seen <= time).astype(np.float64)

    def _price_at(self, time: int) -> float:
        if self.tape is None:
            return 1.0 if self.asset == "USD" else float("nan")
        return float(self.tape.read(np.array([time], dtype=np.int64))[0])


def journeys(book: Book, scope: Scope) -> Sequence[Journeys]:
    """Return the transfers both ends of which are in the scope and being read, by asset.

    A pending transfer stays with its sender.
    """
    key = ("journeys", None if scope is None else tuple(scope))
    if key not in book.derived:
        book.derived[key] = _journeys(book, scope)
    found: Sequence[Journeys] = book.derived[key]
    return found


def in_transit(book: Book, times: Times, scope: Scope) -> Values:
    """Return the USD value under way inside the scope at each instant; negative while only the receiver was read."""
    total = np.zeros(len(times))
    for some in journeys(book, scope):
        total += some.usd_at(times)
    return total


def moved_on_the_way(book: Book, some: Journeys, legs: pd.DataFrame, edges: Times, ccy: str) -> pd.DataFrame:
    """Return price and currency effect of the transfers of an asset while they were on their way, per window.

    `legs` are their increments inside (first edge, last edge]; the rows are increments of the wallet "(in transit)".
    """
    x = rates(book, ccy).at(edges)
    usd_at = some.usd_at(edges)
    value_at = np.where(usd_at == 0, 0.0, usd_at * x)
    window = np.searchsorted(edges, legs["end"].to_numpy(dtype=np.int64), side="left") - 1
    usd = np.diff(usd_at) + np.bincount(window, legs["usd"].fillna(0.0), len(edges) - 1)
    value = np.diff(value_at) + np.bincount(window, legs["value"].fillna(0.0), len(edges) - 1)
    turned = np.abs(value_at[1:]) + np.bincount(window, legs["value"].abs().fillna(0.0), len(edges) - 1)
    price = np.where(usd == 0, 0.0, usd * x[1:])
    rows = [
        (int(edges[n + 1]), component, moved, amount)
        for n in range(len(edges) - 1)
        for component, moved, amount in (("price_effect", usd[n], price[n]), ("fx_effect", 0.0, value[n] - price[n]))
        if not abs(amount) <= turned[n] * NOISE
    ]
    frame = pd.DataFrame(rows, columns=["end", "component", "usd", "value"])
    return frame.assign(
        us=frame["end"], wallet=IN_TRANSIT, kind=frame["component"], asset=some.asset, symbol=None, id=None, pair=-1
    )


def _journeys(book: Book, scope: Scope) -> list[Journeys]:
    pairs, _unmatched, _external = transfer_pairs(book)
    wallets, places, prices = readings(book).wallets, leg_places(book), readings(book).prices
    inside: dict[str, list[tuple[int, float, int, int, float]]] = {}
    for number in live_pairs(book):
        pair = pairs[number]
        out_wallet, out_us, price = places[pair.out]
        in_wallet, in_us, _price = places[pair.in_] if pair.in_ is not None else (out_wallet, NEVER, price)
        if not in_scope(out_wallet, scope) or not in_scope(in_wallet, scope):
            continue
        arrived = wallets[in_wallet].seen_at(in_us) if pair.in_ is not None else NEVER
        paid = prices.at(pair.asset, np.array([out_us], dtype=np.int64))[0] if np.isnan(price) else price
        row = (number, float(pair.amount), wallets[out_wallet].seen_at(out_us), arrived, float(np.nan_to_num(paid)))
        inside.setdefault(pair.asset, []).append(row)
    return [
        Journeys(
            asset,
            tuple(row[0] for row in rows),
            np.array([row[1] for row in rows]),
            np.array([row[2] for row in rows], dtype=np.int64),
            np.array([row[3] for row in rows], dtype=np.int64),
            np.array([row[4] for row in rows]),
            prices.tapes.get(asset),
        )
        for asset, rows in inside.items()
    ]

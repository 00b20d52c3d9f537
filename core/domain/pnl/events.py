"""Ledger entries in their snapshot intervals, each with its value: what the books say happened (PNL.md section 4)."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.domain.pnl.book import Book, wallet_key
from core.domain.pnl.tape import Times
from core.domain.pnl.transfers import transfer_pairs
from core.domain.pnl.wallets import Readings, readings

PAR_ASSETS = ("USD", "USDT", "USDC", "FDUSD")


def seen_events(book: Book) -> pd.DataFrame:
    """Return the entries that a good snapshot has seen, computed once per book.

    Columns: id, us, wallet, kind, asset, symbol, amount, index and end (the interval's end), usd (signed value, NaN
    where it has no price), price. Trades without a counterpart are left out: nobody knows what they moved.
    """
    if "events" not in book.derived:
        book.derived["events"] = _events(book)
    found = book.derived["events"]
    assert isinstance(found, pd.DataFrame)  # noqa: S101
    return found


def _events(book: Book) -> pd.DataFrame:
    known = readings(book)
    ledger = book.tables["ledger"]
    frame = ledger[["id", "kind", "asset", "symbol", "amount", "price", "ref"]].assign(
        wallet=wallet_key(ledger), us=ledger["ts"].astype("int64")
    )
    frame = frame.sort_values(["us", "id"], kind="stable", ignore_index=True)
    frame["index"], frame["end"] = _intervals(frame, known)
    frame = frame[frame["index"] > 0].reset_index(drop=True)
    times = frame["us"].to_numpy(dtype=np.int64)
    latest = pd.Series(known.prices.at_rows(frame["asset"], times), index=frame.index)
    at_end = pd.Series(known.prices.at_rows(frame["asset"], frame["end"].to_numpy(dtype=np.int64)), index=frame.index)
    own = frame["price"].fillna(frame["asset"].map({"USD": 1.0}))
    frame["price"] = own.fillna(latest).fillna(at_end)
    frame = _with_trades(frame, own)
    frame["usd"] = frame["amount"] * frame["price"]
    return frame.drop(columns="ref").reset_index(drop=True)


def _intervals(frame: pd.DataFrame, known: Readings) -> tuple[Times, Times]:
    """Return the index and the time of the snapshot that ends each entry's interval; index 0 where none does."""
    index, end = np.zeros(len(frame), dtype=np.int64), np.zeros(len(frame), dtype=np.int64)
    times = frame["us"].to_numpy(dtype=np.int64)
    keys = frame["wallet"].to_numpy(dtype=object)
    for key, wallet in known.wallets.items():
        rows = np.flatnonzero(keys == key)
        after = np.searchsorted(wallet.at, times[rows], side="right")
        inside = (after > 0) & (after < len(wallet.at))
        index[rows[inside]], end[rows[inside]] = after[inside], wallet.at[after[inside]]
    return index, end


def _with_trades(frame: pd.DataFrame, own: "pd.Series[float]") -> pd.DataFrame:
    """Give the legs of each trade the trade's own value, so that they sum to zero; drop lone legs."""
    trades = frame[frame["kind"] == "trade"]
    if not len(trades):
        return frame
    price = frame["price"].to_numpy(dtype=np.float64, copy=True)
    stated = own.to_numpy(dtype=np.float64)
    amount = frame["amount"].to_numpy(dtype=np.float64)
    par = frame["asset"].isin(PAR_ASSETS).to_numpy()
    lone: list[int] = trades.index[trades["ref"].isna()].tolist()
    for _trade, group in trades.groupby(["wallet", "us", "ref"], sort=False):
        legs = group.index.to_numpy(dtype=np.int64)
        if len(legs) < 2:
            lone += legs.tolist()
            continue
        balance = _balancing_leg(legs, stated, price, par)
        others = legs[legs != balance]
        value = np.nansum(price[others] * amount[others])
        price[balance] = -value / amount[balance] if amount[balance] else np.nan
    return frame.assign(price=price).drop(index=lone)


def _balancing_leg(legs: Times, stated: npt.NDArray[Any], price: npt.NDArray[Any], par: npt.NDArray[np.bool_]) -> int:
    """Return the leg whose price follows from the others': the one without a stated price, else the coin's."""
    silent = [int(leg) for leg in legs if np.isnan(stated[leg])]
    candidates = silent or [int(leg) for leg in legs]
    unknown = [leg for leg in candidates if np.isnan(price[leg])]
    coins = [leg for leg in candidates if not par[leg]]
    return (unknown or coins or candidates)[-1]


def split_shortfalls(book: Book, events: pd.DataFrame) -> pd.DataFrame:
    """Return the entries with pairs numbered, what was lost on the way taken out of the sent leg as a fee.

    Adds `pair` (number of the transfer whose two legs are live, else -1).
    """
    pairs, _unmatched, _external = transfer_pairs(book)
    live = live_pairs(book)
    number = {leg: n for n in live for leg in (pairs[n].out, pairs[n].in_) if leg is not None}
    events = events.assign(pair=events["id"].map(number).fillna(-1).astype("int64"))
    fees = {pair.out: float(pair.fee) for pair in pairs if pair.fee}
    short = events[events["id"].isin(fees.keys())]
    if not len(short):
        return events
    lost = -short["id"].map(fees).astype("float64")
    fee_rows = short.assign(kind="fee", amount=lost, usd=lost * short["price"], pair=-1)
    rest = events.copy()
    rest.loc[short.index, "amount"] -= lost
    rest.loc[short.index, "usd"] -= lost * short["price"]
    return pd.concat([rest, fee_rows], ignore_index=True)


def live_pairs(book: Book) -> list[int]:
    """Return the numbers of the transfers both of whose wallets were being read, computed once per book."""
    if "live" not in book.derived:
        book.derived["live"] = _live(book)
    found: list[int] = book.derived["live"]
    return found


def leg_places(book: Book) -> dict[str, tuple[str, int, float]]:
    """Return wallet, time and stated price of every ledger entry by its id."""
    if "places" not in book.derived:
        ledger = book.tables["ledger"]
        book.derived["places"] = dict(
            zip(
                ledger["id"].astype(str),
                zip(wallet_key(ledger), ledger["ts"].astype("int64"), ledger["price"], strict=True),
                strict=True,
            )
        )
    found: dict[str, tuple[str, int, float]] = book.derived["places"]
    return found


def _live(book: Book) -> list[int]:
    wallets, places = readings(book).wallets, leg_places(book)
    pairs, _unmatched, _external = transfer_pairs(book)

    def is_live(leg: str | None) -> bool:
        if leg is None:
            return True
        wallet, us, _price = places[leg]
        return wallet in wallets and wallets[wallet].is_live(us)

    return [n for n, pair in enumerate(pairs) if is_live(pair.out) and is_live(pair.in_)]

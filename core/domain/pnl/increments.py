"""The long table of increments: every change of value, with its cause, its interval and its rows (PNL.md section 4).

One row: end and us (interval's end, event's time; microseconds), wallet, component, kind, asset, symbol, usd, value
(in the reporting currency), id, pair. Periods, days, attribution and flows are filters and group-bys on it.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from core.domain.pnl.book import COMPONENT_OF, FLOW_KINDS, Book
from core.domain.pnl.events import seen_events, split_shortfalls
from core.domain.pnl.tape import Prices, Rates, Values
from core.domain.pnl.wallets import NEVER, Readings, rates, readings

FLOW, SCOPE_FLOW = "flow", "scope"
COLUMNS = ["end", "us", "wallet", "component", "kind", "asset", "symbol", "usd", "value", "id", "pair"]
KEY = ["wallet", "index", "asset"]
NAMES = {"wallet": object, "asset": object}  # pandas cannot join empty columns of its text type


def increments(book: Book, ccy: str) -> pd.DataFrame:
    """Return all increments of the book in a currency, per wallet; computed once per book and currency."""
    if ("increments", ccy) not in book.derived:
        book.derived["increments", ccy] = _build(book, rates(book, ccy))
    found = book.derived["increments", ccy]
    assert isinstance(found, pd.DataFrame)  # noqa: S101
    return found


def _build(book: Book, x: Rates) -> pd.DataFrame:
    known = readings(book)
    events = _in_currency(split_shortfalls(book, seen_events(book)), x)
    parts = [
        _entries(events),
        *_effects(_intervals(known, events, x)),
        *_open_pnl(known, x),
        _joins(known, x),
    ]
    table = pd.concat([part.reindex(columns=COLUMNS) for part in parts if len(part)] or [pd.DataFrame(columns=COLUMNS)])
    table["pair"] = table["pair"].fillna(-1)
    types = {"end": "int64", "us": "int64", "pair": "int64", "usd": "float64", "value": "float64"}
    return table.astype(types).reset_index(drop=True)


def _in_currency(events: pd.DataFrame, x: Rates) -> pd.DataFrame:
    """Add `value`: at the event's rate, else the interval end's; an entry in the coin itself is its own amount."""
    at = x.at(events["us"].to_numpy(dtype=np.int64))
    at = np.where(np.isnan(at), x.at(events["end"].to_numpy(dtype=np.int64)), at)
    value = events["usd"].to_numpy(dtype=np.float64) * at
    own = (events["asset"] == x.ccy).to_numpy() & (x.ccy != "USD")
    amount = events["amount"].to_numpy(dtype=np.float64)
    return events.assign(value=np.where(own, amount, value))


def _entries(events: pd.DataFrame) -> pd.DataFrame:
    """Return the entries that are a component or a flow by themselves; trades are neither."""
    shown = events[events["kind"] != "trade"]
    component = shown["kind"].map(COMPONENT_OF).where(~shown["kind"].isin(FLOW_KINDS), FLOW)
    return shown.assign(component=component)


def _intervals(known: Readings, events: pd.DataFrame, x: Rates) -> pd.DataFrame:
    """Return one row per wallet, interval and asset: q0, p0, q1, p1, d, dv, dy and the rates at both ends."""
    rows = known.rows[["wallet", "index", "asset", "amount", "price"]].astype(NAMES)
    ends = rows[rows["index"] > 0].rename(columns={"amount": "q1", "price": "p1"})
    last = {key: len(wallet.at) - 1 for key, wallet in known.wallets.items()}
    begun = rows[rows["index"] < rows["wallet"].map(last).astype("int64")]
    starts = begun.rename(columns={"amount": "q0", "price": "p0"})
    starts = starts.assign(index=starts["index"] + 1)
    worth = _zero_where_unpriced(events)
    moved = events.assign(usd=events["usd"].fillna(0.0), value=worth.fillna(0.0), unrated=worth.isna()).astype(NAMES)
    moved = moved.groupby(KEY, as_index=False, sort=False).agg(
        d=("amount", "sum"), dv=("usd", "sum"), dy=("value", "sum"), unrated=("unrated", "any"), pe=("price", "last")
    )
    moved["dy"] = moved["dy"].mask(moved.pop("unrated"))
    table = starts.merge(ends, on=KEY, how="outer").merge(moved, on=KEY, how="outer")
    table = table.fillna({"q0": 0.0, "q1": 0.0, "d": 0.0, "dv": 0.0, "dy": 0.0})
    index = table["index"].to_numpy(dtype=np.int64)
    table["start"], table["end"] = _times(known, table["wallet"], index - 1), _times(known, table["wallet"], index)
    table["x0"] = x.at(table["start"].to_numpy(dtype=np.int64))
    table["x1"] = x.at(table["end"].to_numpy(dtype=np.int64))
    return _priced(table, known.prices)


def _zero_where_unpriced(events: pd.DataFrame) -> "pd.Series[float]":
    """Return values in currency, zero where the entry has no price; where only the rate is missing, NaN stays."""
    return events["value"].where(events["usd"].notna(), 0.0)


def _priced(table: pd.DataFrame, prices: Prices) -> pd.DataFrame:
    """Settle the prices of what is gone at an end, and mark what has none where it is held."""
    at_end = pd.Series(prices.at_rows(table["asset"], table["end"].to_numpy(dtype=np.int64)), index=table.index)
    gone = table["q1"] == 0
    last = at_end.fillna(table["pe"]).fillna(table["p0"]).fillna(0.0)
    table["unpriced0"] = (table["q0"] != 0) & table["p0"].isna()
    table["unpriced1"] = ~gone & table["p1"].isna()
    table["p1"] = table["p1"].fillna(last.where(gone))
    table["v0"] = (table["q0"] * table["p0"]).fillna(0.0)
    table["v1"] = (table["q1"] * table["p1"]).fillna(0.0)
    return table


def _effects(table: pd.DataFrame) -> Iterable[pd.DataFrame]:
    """Yield price effect, currency effect, unexplained, and the capital that a price lets in or out."""
    unknown = table["unpriced0"] | table["unpriced1"]
    plain = table[~unknown]
    price_usd = (plain["q0"] + plain["d"]) * plain["p1"] - plain["v0"] - plain["dv"]
    odd_usd = _without_noise(plain) * plain["p1"]
    price = price_usd + (plain["q1"] - plain["q0"] - plain["d"]) * plain["p1"] - odd_usd
    yield _rows(plain, "price_effect", price, price * plain["x1"])
    yield _rows(plain, "unexplained", odd_usd, odd_usd * plain["x1"])
    moved = plain["v0"] * (plain["x1"] - plain["x0"]) + plain["dv"] * plain["x1"] - plain["dy"]
    yield _rows(plain, "fx_effect", moved * 0.0, moved)
    held = table[unknown]
    usd = held["v1"] - held["v0"] - held["dv"]
    value = held["v1"] * held["x1"] - (held["v0"] * held["x0"]).fillna(0.0) - held["dy"]
    joined = _rows(held, SCOPE_FLOW, usd, value)
    yield joined.assign(kind=np.where(held.loc[joined.index, "unpriced1"], "asset_unpriced", "asset_priced"))


def _without_noise(table: pd.DataFrame) -> "pd.Series[float]":
    """Return q1 - q0 - d, zero where it is smaller than what float64 can tell of the amounts."""
    odd = table["q1"] - table["q0"] - table["d"]
    size = table["q0"].abs() + table["q1"].abs() + table["d"].abs()
    return odd.where(odd.abs() > size * 1e-12, 0.0)


def _rows(table: pd.DataFrame, component: str, usd: "pd.Series[float]", value: "pd.Series[float]") -> pd.DataFrame:
    found = pd.DataFrame(
        {
            "end": table["end"],
            "us": table["end"],
            "wallet": table["wallet"],
            "component": component,
            "kind": component,
            "asset": table["asset"],
            "symbol": table.get("symbol"),
            "usd": usd,
            "value": value,
        }
    )
    return found[(found["usd"] != 0) | (found["value"] != 0)]


def _open_pnl(known: Readings, x: Rates) -> Iterable[pd.DataFrame]:
    """Yield the change of open P&L by symbol, and what the rate did to the open P&L that was there before."""
    positions = known.positions[known.positions["usd"].notna()]
    if not len(positions):
        return
    key = ["wallet", "index", "symbol", "settle"]
    ends = positions.groupby(key, as_index=False).agg(v1=("usd", "sum")).astype(dict.fromkeys(key, object))
    ends["index"] = ends["index"].astype("int64")
    last = {name: len(wallet.at) - 1 for name, wallet in known.wallets.items()}
    starts = ends[ends["index"] < ends["wallet"].map(last).astype("int64")].rename(columns={"v1": "v0"})
    starts = starts.assign(index=starts["index"] + 1)
    table = starts.merge(ends[ends["index"] > 0], on=key, how="outer").fillna({"v0": 0.0, "v1": 0.0})
    index = table["index"].to_numpy(dtype=np.int64)
    table["end"] = _times(known, table["wallet"], index)
    x0 = x.at(_times(known, table["wallet"], index - 1))
    x1 = x.at(table["end"].to_numpy(dtype=np.int64))
    table = table.rename(columns={"settle": "asset"})
    change = table["v1"] - table["v0"]
    yield _rows(table, "unrealised_change", change, change * x1)
    moved = _times_known(table["v0"], x1 - x0)
    yield _rows(table, "fx_effect", moved * 0.0, moved)


def _times_known(value: "pd.Series[float]", factor: Values) -> "pd.Series[float]":
    """Return the product, zero where there is nothing to multiply, though the factor be unknown."""
    return (value * factor).where(value != 0, 0.0)


def _joins(known: Readings, x: Rates) -> pd.DataFrame:
    """Return the value of each wallet as it joins the scope, and minus its last value as its account leaves."""
    found = []
    for wallet in known.wallets.values():
        first, last = (x.one(int(wallet.at[0])), x.one(int(wallet.at[-1]))) if len(wallet.at) else (0.0, 0.0)
        moves = [("account_added", int(wallet.at[0]), float(wallet.usd[0]), first)]
        if wallet.removed_us != NEVER:
            moves.append(("account_removed", wallet.removed_us, -float(wallet.usd[-1]), last))
        found += [(us, us, wallet.key, SCOPE_FLOW, kind, usd, usd * rate) for kind, us, usd, rate in moves if usd]
    return pd.DataFrame(found, columns=["end", "us", "wallet", "component", "kind", "usd", "value"])


def _times(
    known: Readings, wallets: "pd.Series[str]", index: "np.typing.NDArray[np.int64]"
) -> "np.typing.NDArray[np.int64]":
    """Return the time of each wallet's snapshot with the given index."""
    found = np.zeros(len(index), dtype=np.int64)
    names = wallets.to_numpy(dtype=object)
    for key, wallet in known.wallets.items():
        rows = names == key
        found[rows] = wallet.at[index[rows]]
    return found

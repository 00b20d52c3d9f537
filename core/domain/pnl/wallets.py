"""Wallets: when each was read, what it held then and what that was worth (PNL.md section 2)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.domain.pnl.book import Book, Scope, in_scope, wallet_key
from core.domain.pnl.tape import SECOND, Prices, Rates, Times, Values, build_prices, build_rates

NEVER = 2**62


@dataclass(frozen=True, slots=True)
class Wallet:
    """One wallet: its good snapshots in ascending time, its value at each in USD, and when its account left."""

    key: str
    account: str
    exchange: str
    at: Times
    usd: Values
    removed_us: int

    def index_at(self, times: Times) -> Times:
        """Return the position of the last good snapshot at or before each time, -1 before the first."""
        return np.searchsorted(self.at, times, side="right") - 1

    def seen_at(self, event: int) -> int:
        """Return the time of the first good snapshot after an event, NEVER where none is."""
        index = int(np.searchsorted(self.at, event, side="right"))
        return int(self.at[index]) if index < len(self.at) else NEVER

    def is_live(self, event: int) -> bool:
        """Tell whether the wallet was being read at an event, and saw it before its account left."""
        if not len(self.at) or event < self.at[0]:
            return False
        return self.removed_us == NEVER or self.seen_at(event) != NEVER


@dataclass(frozen=True, slots=True)
class Readings:
    """All wallets by key, with the rows behind their values.

    `rows`: wallet, us, index (of the snapshot), asset, amount, price (USD or NaN), one per asset and snapshot.
    `positions`: as in the book, with wallet, us, index and `usd`, the open P&L in dollars (NaN without a price).
    """

    wallets: dict[str, Wallet]
    rows: pd.DataFrame
    positions: pd.DataFrame
    prices: Prices

    def of(self, scope: Scope) -> list[Wallet]:
        """Return the wallets of a scope, by key."""
        return [wallet for key, wallet in self.wallets.items() if in_scope(key, scope)]


def readings(book: Book) -> Readings:
    """Return what was read of the book's wallets; computed once per book."""
    if "readings" not in book.derived:
        book.derived["readings"] = _read(book)
    found = book.derived["readings"]
    assert isinstance(found, Readings)  # noqa: S101
    return found


def rates(book: Book, ccy: str) -> Rates:
    """Return the rates of a currency in this book; computed once per book and currency."""
    if ("rates", ccy) not in book.derived:
        book.derived["rates", ccy] = build_rates(book, readings(book).prices, ccy)
    found = book.derived["rates", ccy]
    assert isinstance(found, Rates)  # noqa: S101
    return found


def _read(book: Book) -> Readings:
    good = _good_snapshots(book)
    rows = _with_index(book.tables["balances"], good)
    rows = rows.groupby(["wallet", "us", "index", "asset"], sort=True, as_index=False).agg(
        amount=("amount", "sum"), price=("price", "first")
    )
    prices = build_prices(book, rows)
    rows["price"] = rows["price"].fillna(pd.Series(prices.at_rows(rows["asset"], rows["us"].to_numpy(dtype=np.int64))))
    positions = _with_index(book.tables["positions"], good)
    settle = positions["settle"].where(positions["settle"].notna(), "")
    known = pd.Series(prices.at_rows(settle, positions["us"].to_numpy(dtype=np.int64)), index=positions.index)
    positions["settle_price"] = positions["settle_price"].fillna(known)
    positions["usd"] = positions["upnl"] * positions["settle_price"]
    return Readings(_wallets(book, good, rows, positions), rows, positions, prices)


def _good_snapshots(book: Book) -> pd.DataFrame:
    """Return wallet, account, us, index of every good snapshot that was taken while the account was connected."""
    snapshots = book.tables["snapshots"]
    frame = pd.DataFrame(
        {"wallet": wallet_key(snapshots), "account": snapshots["account"], "us": snapshots["ts"].astype("int64")}
    )[snapshots["ok"]]
    gone = _removals(book)
    frame = frame[frame["us"] <= frame["account"].map(gone).fillna(NEVER).astype("int64")]
    frame = frame.drop_duplicates(["wallet", "us"]).sort_values(["wallet", "us"], ignore_index=True)
    frame["index"] = frame.groupby("wallet").cumcount()
    return frame


def _removals(book: Book) -> dict[str, int]:
    accounts = book.tables["accounts"]
    left = accounts[accounts["removed_at"].notna()]
    return dict(zip(left["account"], left["removed_at"].astype("int64"), strict=True))


def _with_index(table: pd.DataFrame, good: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that belong to a good snapshot, with its wallet key, time and index."""
    keyed = table.assign(wallet=wallet_key(table), us=table["ts"].astype("int64"))
    return keyed.merge(good[["wallet", "us", "index"]], on=["wallet", "us"], how="inner")


def _wallets(book: Book, good: pd.DataFrame, rows: pd.DataFrame, positions: pd.DataFrame) -> dict[str, Wallet]:
    accounts = book.tables["accounts"]
    exchange_of = dict(zip(accounts["account"], accounts["exchange"], strict=True))
    gone = _removals(book)
    worth = pd.concat(
        [
            rows[["wallet", "index"]].assign(usd=(rows["amount"] * rows["price"]).fillna(0.0)),
            positions[["wallet", "index"]].assign(usd=positions["usd"].fillna(0.0)),
        ]
    )
    values = worth.groupby(["wallet", "index"])["usd"].sum()
    found: dict[str, Wallet] = {}
    for key, part in good.groupby("wallet", sort=True):
        name, account = str(key), str(part["account"].iloc[0])
        usd = np.zeros(len(part))
        if name in values.index.get_level_values(0):
            mine = values.loc[name]
            usd[mine.index.to_numpy(dtype=np.int64)] = mine.to_numpy()
        at = part["us"].to_numpy(dtype=np.int64)
        found[name] = Wallet(name, account, str(exchange_of.get(account)), at, usd, gone.get(account, NEVER))
    return found


def stale_after_us(book: Book) -> float:
    """Return the age in microseconds beyond which a value is carried."""
    return book.rules["stale_after_s"] * SECOND

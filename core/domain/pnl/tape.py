"""Latest known prices and rates: what an asset cost, and what a dollar was worth, at an instant (PNL.md 2, 11)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.domain.pnl.book import Book

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
USD = "USD"
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Tape:
    """One series: what was known from when on, until it is too old."""

    at: Times
    value: Values
    max_age_us: float

    def read(self, times: Times) -> Values:
        """Return the latest value at or before each time; NaN where there is none or it is too old."""
        if not len(self.at):
            return np.full(len(times), np.nan)
        index = np.searchsorted(self.at, times, side="right") - 1
        known = np.maximum(index, 0)
        fits = (index >= 0) & (times - self.at[known] <= self.max_age_us)
        return np.where(fits, self.value[known], np.nan)


EMPTY = Tape(np.array([], dtype=np.int64), np.array([], dtype=np.float64), 0.0)


@dataclass(frozen=True, slots=True)
class Prices:
    """USD prices of all assets, from the prices table and from every wallet's own rows."""

    tapes: dict[str, Tape]

    def at(self, asset: str, times: Times) -> Values:
        """Return the USD price of one asset at each time, NaN where it is not known; a dollar is one."""
        if asset == USD:
            return np.ones(len(times))
        return self.tapes.get(asset, EMPTY).read(times)

    def at_rows(self, assets: "pd.Series[Any]", times: Times) -> Values:
        """Return the price of each row's asset at the row's time."""
        found = np.full(len(times), np.nan)
        names = assets.to_numpy(dtype=object)
        for asset in pd.unique(assets):
            rows = names == asset
            found[rows] = self.at(str(asset), times[rows])
        return found


@dataclass(frozen=True, slots=True)
class Rates:
    """Units of a reporting currency for one dollar."""

    ccy: str
    tape: Tape | None
    prices: Prices

    def at(self, times: Times) -> Values:
        """Return the rate at each time: 1 for the dollar, NaN where none is known: never 1, never a later one."""
        if self.ccy == USD:
            return np.ones(len(times))
        if self.tape is not None:
            return self.tape.read(times)
        price = self.prices.at(self.ccy, times)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(price > 0, 1 / price, np.nan)

    def one(self, time: int) -> float:
        """Return the rate at one instant."""
        return float(self.at(np.array([time], dtype=np.int64))[0])


def build_prices(book: Book, rows: pd.DataFrame) -> Prices:
    """Index the prices of the table and of wallet rows (us, wallet, asset, price); at one instant the table wins."""
    table = book.tables["prices"]
    known = pd.concat(
        [
            pd.DataFrame(
                {"us": table["ts"].astype("int64"), "wallet": "", "asset": table["asset"], "price": table["price"]}
            ),
            rows[["us", "wallet", "asset", "price"]],
        ],
        ignore_index=True,
    )
    known = known[known["price"].notna()].sort_values(["asset", "us", "wallet"], kind="stable")
    known = known.drop_duplicates(["asset", "us"])
    max_age = book.rules["price_max_age_s"] * SECOND
    return Prices(
        {
            str(asset): Tape(part["us"].to_numpy(dtype=np.int64), part["price"].to_numpy(dtype=np.float64), max_age)
            for asset, part in known.groupby("asset", sort=False)
        }
    )


def build_rates(book: Book, prices: Prices, ccy: str) -> Rates:
    """Return the rates of a currency: the table's where it has any, else the inverse of the coin's price."""
    fx = book.tables["fx"]
    mine = fx[fx["ccy"] == ccy].sort_values("ts", kind="stable").drop_duplicates("ts", keep="last")
    if not len(mine):
        return Rates(ccy, None, prices)
    at: Times = np.asarray(mine["ts"].astype("int64"), dtype=np.int64)
    value: Values = np.asarray(mine["per_usd"], dtype=np.float64)
    return Rates(ccy, Tape(at, value, book.rules["fx_max_age_s"] * SECOND), prices)

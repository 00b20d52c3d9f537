"""Returns of a scope over a period: time-weighted, money-weighted, modified Dietz (PNL.md section 6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.domain import performance
from core.domain.growth import dietz_capital, growth_of
from core.domain.performance import DAY_US, YEAR_DAYS, Flow, Segment
from core.domain.pnl.book import Book, Scope, instant
from core.domain.pnl.equity import carried_values
from core.domain.pnl.increments import FLOW, SCOPE_FLOW
from core.domain.pnl.period import scoped_increments
from core.domain.pnl.tape import Times, Values
from core.domain.pnl.wallets import NEVER, rates, readings


@dataclass(frozen=True, slots=True)
class Returns:
    """Returns of (t0, t1] as ratios, None where they have no meaning; `days` from t0 or the first reading, if later.

    `twr_annualised` only from 365 days on; `mwr` is the growth that explains the money in and out, `xirr` per year.
    """

    twr: float | None
    wiped_out: bool
    segments: list[Segment]
    intervals: int
    empty: int
    undefined: int
    dietz: int
    modified_dietz: float | None
    mwr: float | None
    xirr: float | None
    twr_annualised: float | None
    days: float | None


@dataclass(frozen=True, slots=True)
class _Course:
    """Points and flows of a scope in a currency, over one or more neighbouring windows."""

    at: Times
    values: Values
    flows: list[Flow]
    read: Times
    first: int | None

    def within(self, t0: int, t1: int) -> "_Course":
        inside = (self.at >= t0) & (self.at <= t1)
        flows = [flow for flow in self.flows if t0 < flow.seen <= t1]
        read = self.read[(self.read > t0) & (self.read <= t1)]
        return _Course(self.at[inside], self.values[inside], flows, read, self.first)

    @property
    def is_measured(self) -> bool:
        """Tell whether there are two readings to compare, and a rate for every point."""
        before = self.first is not None and self.first <= self.at[0]
        return len(self.read) + before >= 2 and not np.isnan(self.values).any()


def returns(book: Book, t0: Any, t1: Any, scope: Scope = None, ccy: str | None = None) -> Returns:  # noqa: ANN401
    """Return the returns of a scope over (t0, t1], in the book's currency unless another is named."""
    edges = [instant(t0), instant(t1)]
    currency = ccy or book.ccy
    course = _course(book, edges, scope, currency)
    rules = _rules(book, currency, edges[1])
    if course.first is None or not course.is_measured:
        return Returns(None, False, [], 0, 0, 0, 0, None, None, None, None, None)
    linked = performance.chain(course.at, course.values, course.flows, rules)
    begin = max(edges[0], course.first)
    days = (edges[1] - begin) / DAY_US
    dietz, mwr = _whole(course, (edges[0], edges[1]), rules) if linked.twr is not None else (None, None)
    per_year = days >= YEAR_DAYS and linked.twr is not None
    return Returns(
        linked.twr,
        linked.wiped_out,
        linked.segments,
        linked.intervals,
        linked.empty,
        linked.undefined,
        linked.dietz,
        dietz,
        mwr,
        performance.annualised(mwr, days) if mwr is not None and days > 0 else None,
        performance.annualised(linked.twr or 0.0, days) if per_year else None,
        days,
    )


def chained_returns(book: Book, edges: Sequence[int], scope: Scope, ccy: str) -> list[float | None]:
    """Return the TWR of each window between neighbouring edges (ascending microseconds)."""
    course = _course(book, edges, scope, ccy)
    found: list[float | None] = []
    for t0, t1 in zip(edges, edges[1:], strict=False):
        part = course.within(t0, t1)
        linked = performance.chain(part.at, part.values, part.flows, _rules(book, ccy, t1))
        found.append(linked.twr if part.is_measured else None)
    return found


def _whole(course: _Course, span: tuple[int, int], rules: dict[str, float]) -> tuple[float | None, float | None]:
    """Return modified Dietz and money-weighted return of the whole period; capital that joins is a flow here."""
    v0, v1 = float(course.values[0]), float(course.values[-1])
    flows = [(flow.us, flow.value) for flow in course.flows]
    least = rules["min_capital_usd"]
    capital = dietz_capital(v0, v1, flows, span, least)
    gain = v1 - v0 - sum(value for _at, value in flows)
    growth = growth_of(v0, v1, flows, span, least)
    return (gain / capital if capital > 0 else None), (None if growth is None else growth - 1)


def _course(book: Book, edges: Sequence[int], scope: Scope, ccy: str) -> _Course:
    t0, t1 = edges[0], edges[-1]
    wallets = readings(book).of(scope)
    times = [wallet.at[(wallet.at > t0) & (wallet.at <= t1)] for wallet in wallets]
    gone = [wallet.removed_us for wallet in wallets if wallet.removed_us != NEVER and t0 < wallet.removed_us <= t1]
    at = np.unique(np.concatenate([*times, np.array([*edges, *gone], dtype=np.int64)]))
    table = scoped_increments(book, np.array(edges, dtype=np.int64), scope, ccy)
    table = table[table["component"].isin((FLOW, SCOPE_FLOW))]
    flows = [
        Flow(int(us), float(value), int(end), component == SCOPE_FLOW)
        for us, value, end, component in zip(table["us"], table["value"], table["end"], table["component"], strict=True)
        if not pd.isna(value)
    ]
    firsts = [int(wallet.at[0]) for wallet in wallets if len(wallet.at)]
    read = np.unique(np.concatenate([np.array([], dtype=np.int64), *times]))
    return _Course(at, carried_values(book, at, scope, ccy), flows, read, min(firsts) if firsts else None)


def _rules(book: Book, ccy: str, at: int) -> dict[str, float]:
    """Return the book's rules with the least capital in the reporting currency."""
    x = rates(book, ccy).one(at)
    least = book.rules["min_capital_usd"] * (1.0 if np.isnan(x) else x)
    return {**book.rules, "min_capital_usd": least}

"""P&L of a period: the identity total = sum of the components, and the flows beside it (PNL.md sections 3 and 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.domain.pnl.book import COMPONENTS, Book, Scope, in_scope, instant, stamp
from core.domain.pnl.equity import RANK, Equity, equity_series
from core.domain.pnl.increments import FLOW, SCOPE_FLOW, increments
from core.domain.pnl.tape import Times
from core.domain.pnl.transit import journeys, moved_on_the_way
from core.domain.pnl.wallets import rates


@dataclass(frozen=True, slots=True)
class PeriodPnl:
    """P&L of (t0, t1] in `ccy`: total = equity1 - equity0 - net_flows - scope_flows = the sum of the eight components.

    Money is float64, None where the rate is unknown; equity is None in a gap too. `status` is the worse one of the two
    ends; `unexplained_ok` tells whether what the ledger cannot explain is within tolerance.
    """

    t0: pd.Timestamp
    t1: pd.Timestamp
    ccy: str
    equity0: float | None
    equity1: float | None
    net_flows: float | None
    scope_flows: float | None
    total: float | None
    realised: float | None
    unrealised_change: float | None
    funding: float | None
    fees: float | None
    other_income: float | None
    price_effect: float | None
    fx_effect: float | None
    unexplained: float | None
    unexplained_ok: bool | None
    status: str
    stale: list[str]
    gap: list[str]
    unpriced: list[dict[str, Any]]


def period_pnl(book: Book, t0: Any, t1: Any, scope: Scope = None, ccy: str | None = None) -> PeriodPnl:  # noqa: ANN401
    """Return the P&L of a scope over (t0, t1], intervals counted by their ends."""
    return consecutive_pnl(book, [t0, t1], scope, ccy)[0]


def consecutive_pnl(book: Book, edges: Sequence[Any], scope: Scope, ccy: str | None) -> list[PeriodPnl]:
    """Return the P&L of each window between neighbouring edges (ascending instants), in one pass."""
    us = np.array([instant(t) for t in edges], dtype=np.int64)
    currency = ccy or book.ccy
    ends = equity_series(book, [stamp(int(t)) for t in us], scope, currency)
    sums = _sums(scoped_increments(book, us, scope, currency), us)
    tolerances = rates(book, currency).at(us)
    return [
        _period(
            ends[n], ends[n + 1], currency, sums[n], _tolerance(book, ends[n], ends[n + 1], float(tolerances[n + 1]))
        )
        for n in range(len(us) - 1)
    ]


def scoped_increments(book: Book, edges: Times, scope: Scope, ccy: str) -> pd.DataFrame:
    """Return the increments of a scope inside (first edge, last edge], transfers inside the scope being no flows.

    What moved while it was on its way is a row of the wallet "(in transit)" per window between the edges.
    """
    table: pd.DataFrame = increments(book, ccy)
    inside = (table["end"] > edges[0]) & (table["end"] <= edges[-1])
    if scope is not None:
        keys = {key: in_scope(str(key), scope) for key in table["wallet"].unique()}
        inside &= table["wallet"].map(keys).astype(bool)
    table = pd.DataFrame(table[inside])
    own = journeys(book, scope)
    if not own:
        return table
    legs = table[table["pair"].isin([number for some in own for number in some.numbers])]
    moved = [moved_on_the_way(book, some, legs[legs["asset"] == some.asset], edges, ccy) for some in own]
    return pd.concat([table.drop(index=legs.index), *[part for part in moved if len(part)]], ignore_index=True)


def flows(book: Book, t0: Any, t1: Any, scope: Scope = None, ccy: str | None = None) -> pd.DataFrame:  # noqa: ANN401
    """Return external and scope flows (`scope` true: capital in or out of it) of (t0, t1], by time of the event.

    Columns: ts, kind, id, wallet, asset, value (signed, in the currency; None without a price), scope, end.
    """
    edges = np.array([instant(t0), instant(t1)], dtype=np.int64)
    table = scoped_increments(book, edges, scope, ccy or book.ccy)
    table = table[table["component"].isin((FLOW, SCOPE_FLOW))]
    table = table.assign(order=table["id"].astype(object).fillna("")).sort_values(
        ["us", "end", "order", "wallet"], kind="stable"
    )
    return pd.DataFrame(
        {
            "ts": pd.to_datetime(table["us"], unit="us", utc=True),
            "kind": table["kind"],
            "id": table["id"],
            "wallet": table["wallet"],
            "asset": table["asset"],
            "value": table["value"],
            "scope": table["component"] == SCOPE_FLOW,
            "end": pd.to_datetime(table["end"], unit="us", utc=True),
        }
    ).reset_index(drop=True)


def sums_by_component(table: pd.DataFrame) -> dict[str, float]:
    """Return the eight components, net_flows, scope_flows and total of increments; NaN where a rate is missing."""
    priced = table[table["usd"].notna()]
    by = priced.groupby("component")["value"].sum().to_dict()
    by |= dict.fromkeys(priced.loc[priced["value"].isna(), "component"], float("nan"))
    found = {name: float(by.get(name, 0.0)) for name in COMPONENTS}
    return found | {
        "net_flows": float(by.get(FLOW, 0.0)),
        "scope_flows": float(by.get(SCOPE_FLOW, 0.0)),
        "total": sum(found.values()),
    }


def _sums(table: pd.DataFrame, edges: Times) -> list[dict[str, float]]:
    window = np.searchsorted(edges, table["end"].to_numpy(dtype=np.int64), side="left") - 1
    order = np.argsort(window, kind="stable")
    bounds = np.searchsorted(window[order], np.arange(len(edges)), side="left")
    parts = [table.iloc[order[start:end]] for start, end in zip(bounds[:-1], bounds[1:], strict=True)]
    return [sums_by_component(part) for part in parts]


def _tolerance(book: Book, start: Equity, end: Equity, x: float) -> float:
    known = [abs(side.carried) for side in (start, end) if side.carried is not None]
    relative = book.rules["tol_rel"] * (sum(known) / 2)
    return max(book.rules["tol_abs_usd"] * x, relative)


def _period(start: Equity, end: Equity, ccy: str, sums: dict[str, float], tolerance: float) -> PeriodPnl:
    status = end.status if start.status == "empty" else max(start.status, end.status, key=lambda s: RANK[s])
    unknown = status == "no_fx" or any(np.isnan(value) for value in sums.values())
    money: dict[str, float | None] = {name: None if unknown else value + 0.0 for name, value in sums.items()}
    return PeriodPnl(
        t0=start.ts,
        t1=end.ts,
        ccy=ccy,
        equity0=start.equity,
        equity1=end.equity,
        **money,
        unexplained_ok=None if unknown else abs(sums["unexplained"]) <= tolerance,
        status="no_fx" if unknown else status,
        stale=sorted({*start.stale, *end.stale}),
        gap=sorted({*start.gap, *end.gap}),
        unpriced=end.unpriced,
    )

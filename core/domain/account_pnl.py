"""P&L of a period from stored equity and external flows: total = equity(t1) - equity(t0) - net flows - scope flows.

The shape is that of PNL.md sections 2, 3, 4, 6 and 17 (same names, same signs), on the equity of whole accounts. The
breakdown of `total` into components needs the balances behind the points and is not computed here.

Times are int64 microseconds since 1970 UTC, money is float64 USD. An event is seen by a point iff event < point.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

MIN_CAPITAL_USD = 1.0
STALE_AFTER_US = 900_000_000
GAP_AFTER_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class ExternalFlow:
    """A deposit (+) or withdrawal (-) crossing the scope; `value` is USD at `at`, None where it has no price."""

    at: int
    account: str
    value: float | None
    kind: str
    asset: str


@dataclass(frozen=True, slots=True)
class AccountSeries:
    """Equity of one account: points in ascending time, wallets' first values, and when it left (None: still there).

    `starts` are (first good reading, value) of each wallet: capital that joins the scope, not profit.
    """

    account: str
    at: Times
    equity: Values
    starts: tuple[tuple[int, float], ...] = ()
    removed_at: int | None = None


@dataclass(frozen=True, slots=True)
class PeriodPnl:
    """Result of one period; `total` None means unknown, never zero.

    `twr` is the time-weighted return as a ratio, None without two points or capital. `since` is where the figures
    begin: t0, or the first point where history starts later. `unvalued` lists flows without a price: while there are
    any, `total` is None, for nobody knows what they moved.
    """

    t0: int
    t1: int
    equity0: float | None
    equity1: float | None
    net_flows: float
    scope_flows: float
    total: float | None
    twr: float | None
    status: str
    since: int | None
    unvalued: tuple[ExternalFlow, ...] = field(default=())


def value_at(series: AccountSeries, t: int) -> tuple[float, int] | None:
    """Return (equity, time) of the last point at or before t; None before the first point or after the removal."""
    if series.removed_at is not None and t >= series.removed_at:
        return None
    index = int(np.searchsorted(series.at, t, side="right")) - 1
    if index < 0:
        return None
    return float(series.equity[index]), int(series.at[index])


def period_pnl(accounts: Sequence[AccountSeries], flows: Sequence[ExternalFlow], t0: int, t1: int) -> PeriodPnl:
    """Compute the P&L of the accounts together over (t0, t1], windows of interval ends (PNL.md section 4)."""
    equity0 = equity1 = net = scope = 0.0
    begins: list[int] = []
    ages: list[int] = []
    counted: list[ExternalFlow] = []
    for series in accounts:
        start, end = value_at(series, t0), value_at(series, _last_instant(series, t1))
        if end is None or (series.removed_at is not None and series.removed_at <= t0):
            continue
        removed_inside = series.removed_at is not None and t0 < series.removed_at <= t1
        equity0 += start[0] if start else 0.0
        scope += _capital_in(series, t0, t1)
        if removed_inside:
            scope -= end[0]
        else:
            equity1 += end[0]
            ages.append(t1 - end[1])
        begin = start[1] if start else int(series.at[0])
        begins.append(t0 if start else begin)
        counted += [flow for flow in flows if flow.account == series.account and begin <= flow.at < end[1]]
    if not begins:
        return PeriodPnl(t0, t1, None, None, 0.0, 0.0, None, None, "empty", None)
    unvalued = tuple(flow for flow in counted if flow.value is None)
    net = sum(flow.value for flow in counted if flow.value is not None)
    status = _status(max(ages, default=0))
    known = not unvalued and status != "gap"
    total = equity1 - equity0 - net - scope if known else None
    rate = _scope_twr(accounts, counted, t0, t1) if known else None
    return PeriodPnl(
        t0, t1, equity0, equity1 if status != "gap" else None, net, scope, total, rate, status, min(begins), unvalued
    )


def total_equity(accounts: Sequence[AccountSeries], times: Times) -> Values:
    """Return the equity of all accounts together at each time, each account's last point carried forward.

    An account counts nothing before its first point and from its removal on; NaN where no account counts yet.
    """
    total = np.zeros(len(times))
    seen = np.zeros(len(times), dtype=bool)
    for series in accounts:
        if not len(series.at):
            continue
        index = np.searchsorted(series.at, times, side="right") - 1
        counts = index >= 0
        if series.removed_at is not None:
            counts &= times < series.removed_at
        total += np.where(counts, series.equity[np.maximum(index, 0)], 0.0)
        seen |= counts
    return np.where(seen, total, np.nan)


def cumulative_pnl(accounts: Sequence[AccountSeries], flows: Sequence[ExternalFlow], times: Times) -> Values:
    """Return the P&L since times[0] at each time: the same sum as `period_pnl`, so it ends at the period's total.

    NaN before the first point. Flows without a price are left out here; `period_pnl` names them.
    """
    total = np.zeros(len(times))
    seen = np.zeros(len(times), dtype=bool)
    for series in accounts:
        if not len(series.at):
            continue
        index = np.searchsorted(series.at, times, side="right") - 1
        point_at = np.where(index >= 0, series.at[np.maximum(index, 0)], np.iinfo(np.int64).min)
        change = np.where(index >= 0, series.equity[np.maximum(index, 0)], 0.0)
        base = float(change[0])
        for at, value in series.starts or ((int(series.at[0]), float(series.equity[0])),):
            if at > int(times[0]):
                change = change - np.where(point_at >= at, value, 0.0)
        first = int(point_at[0]) if index[0] >= 0 else int(series.at[0])
        for flow in flows:
            if flow.account == series.account and flow.value is not None and flow.at >= first:
                change = change - np.where(point_at > flow.at, flow.value, 0.0)
        total += change - base
        seen |= index >= 0
    return np.where(seen, total, np.nan)


def twr(
    points: Sequence[tuple[int, float]],
    flows: Sequence[tuple[int, float]],
    scope_flows: Sequence[tuple[int, float]] = (),
) -> float | None:
    """Return the time-weighted return over the points, deposits at the start and withdrawals at the end of a bracket.

    `points` are (time, value) ascending; `flows` (time, signed value); `scope_flows` are capital that joins or leaves
    the scope, valued at the end of their bracket. None with fewer than two points or never any capital; -1 when
    everything was lost (PNL.md section 6, without its modified Dietz for long brackets).
    """
    factor, capital_seen = 1.0, False
    if len(points) < 2:
        return None
    for (u, before), (v, after) in zip(points, points[1:], strict=False):
        inside = [value for at, value in flows if u <= at < v]
        deposits = sum(value for value in inside if value > 0)
        withdrawals = -sum(value for value in inside if value < 0)
        if before + deposits < MIN_CAPITAL_USD:
            continue
        capital_seen = True
        joined = sum(value for at, value in scope_flows if u <= at < v)
        growth = (after - joined + withdrawals) / (before + deposits)
        if growth <= 0:
            return -1.0
        factor *= growth
    return factor - 1 if capital_seen else None


def _scope_twr(accounts: Sequence[AccountSeries], flows: Sequence[ExternalFlow], t0: int, t1: int) -> float | None:
    moves, joins = _moves(accounts, flows, t0, t1), _joins(accounts, t0, t1)
    ends = np.unique(np.concatenate([series.at for series in accounts if len(series.at)]))
    inside = ends[(ends > t0) & (ends <= t1)]
    first = [t0] if any(value_at(series, t0) for series in accounts) else inside[:1].tolist()
    wanted = set(first) | set(inside[-1:].tolist())
    for seen_at, _ in moves + joins:
        before = inside[inside < seen_at]
        wanted |= {seen_at, *before[-1:].tolist()}
    times = np.array(sorted(wanted), dtype=np.int64)
    values = np.nan_to_num(total_equity(accounts, times)).tolist()
    # a move belongs to the bracket that ends where it is first seen
    return twr(
        list(zip(times.tolist(), values, strict=True)),
        [(seen_at - 1, value) for seen_at, value in moves],
        [(seen_at - 1, value) for seen_at, value in joins],
    )


def _moves(
    accounts: Sequence[AccountSeries], flows: Sequence[ExternalFlow], t0: int, t1: int
) -> list[tuple[int, float]]:
    """Return (time of the point that first sees it, value) of every external flow inside (t0, t1]."""
    moves: list[tuple[int, float]] = []
    for series in accounts:
        for flow in flows:
            index = int(np.searchsorted(series.at, flow.at, side="right"))
            if flow.account == series.account and flow.value is not None and index < len(series.at):
                moves.append((int(series.at[index]), flow.value))
    return [(at, value) for at, value in moves if t0 < at <= t1]


def _joins(accounts: Sequence[AccountSeries], t0: int, t1: int) -> list[tuple[int, float]]:
    """Return (time, value) of every wallet that enters (+) or account that leaves (-) the scope inside (t0, t1]."""
    joins: list[tuple[int, float]] = []
    for series in accounts:
        joins += [(at, value) for at, value in _starts(series) if t0 < at <= t1]
        if series.removed_at is not None and t0 < series.removed_at <= t1 and len(series.at):
            joins.append((series.removed_at, -float(series.equity[-1])))
    return joins


def _starts(series: AccountSeries) -> tuple[tuple[int, float], ...]:
    if series.starts or not len(series.at):
        return series.starts
    return ((int(series.at[0]), float(series.equity[0])),)


def _capital_in(series: AccountSeries, t0: int, t1: int) -> float:
    return sum(value for at, value in _starts(series) if t0 < at <= t1)


def _last_instant(series: AccountSeries, t1: int) -> int:
    if series.removed_at is not None and series.removed_at <= t1:
        return series.removed_at - 1
    return t1


def _status(age_us: int) -> str:
    if age_us > GAP_AFTER_US:
        return "gap"
    return "stale" if age_us > STALE_AFTER_US else "ok"

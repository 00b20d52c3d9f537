"""Equity history as the Overview needs it: which points to load, series per account, the drawn curve and trends.

Times are int64 microseconds since 1970 UTC, money is float64 USD.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from core.domain.types import EquityPoint, ExchangeAccount, WalletState
from core.ports import PointRow, PointWindow
from core.services.overview_types import Curve, FlowMarker
from core.services.period_days import Move

GAP_AFTER_US = 86_400_000_000
FINE_SECONDS = 300
COARSE_SECONDS = 3600
MOST_POINTS = 2000
TREND_POINTS = 48
CARRIED_AFTER_SECONDS = 900

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AccountSeries:
    """Equity of one account: points in ascending time, and when it left (None: still there)."""

    account: str
    at: Times
    equity: Values
    removed_at: int | None = None


def to_us(at: datetime) -> int:
    """Return microseconds since 1970 UTC of an aware instant."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def from_us(us: int) -> datetime:
    """Return the aware UTC instant of microseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(us))


def day_start(now: datetime, time_zone: str) -> datetime:
    """Return the first instant of the local day, in UTC."""
    local = now.astimezone(ZoneInfo(time_zone))
    return datetime(local.year, local.month, local.day, tzinfo=local.tzinfo).astimezone(UTC)


def month_start(now: datetime, time_zone: str) -> datetime:
    """Return the first instant of the local month, in UTC."""
    local = now.astimezone(ZoneInfo(time_zone))
    return datetime(local.year, local.month, 1, tzinfo=local.tzinfo).astimezone(UTC)


def windows(curve_from: datetime, today: datetime, month: datetime, now: datetime) -> list[PointWindow]:
    """Return what to load: five-minute points around today, hourly points for the month and the curve before that."""
    fine_from = min(today, curve_from) if now - curve_from <= timedelta(days=1) else today
    fine_from -= timedelta(seconds=COARSE_SECONDS)
    coarse_from = min(month, curve_from) - timedelta(seconds=2 * COARSE_SECONDS)
    return [PointWindow(COARSE_SECONDS, coarse_from, fine_from), PointWindow(FINE_SECONDS, fine_from, now)]


def build_series(
    accounts: Sequence[ExchangeAccount],
    rows: Iterable[PointRow],
    boundaries: Iterable[EquityPoint],
    wallets: Collection[WalletState],
) -> list[AccountSeries]:
    """Return one series per account from loaded points and the last points before each period's start.

    A stored point stands at the end of its bucket; where the history begins, the first good reading stands before it.
    """
    points: dict[UUID, dict[int, float]] = {account.id: {} for account in accounts}
    for account_id, at, equity, _, _ in rows:
        points[account_id][at] = equity
    for point in boundaries:
        points[point.account_id][to_us(point.at)] = point.equity
    series = []
    for account in accounts:
        starts = tuple(
            (to_us(wallet.first_ok_at), wallet.first_equity)
            for wallet in wallets
            if wallet.account_id == account.id and wallet.first_ok_at is not None and wallet.first_equity is not None
        )
        own = {**_first_reading(starts, before=min(points[account.id], default=None)), **points[account.id]}
        times = np.array(sorted(own), dtype=np.int64)
        values = np.array([own[at] for at in times.tolist()], dtype=np.float64)
        removed = to_us(account.removed_at) if account.removed_at else None
        series.append(AccountSeries(str(account.id), times, values, removed))
    return series


def total_equity(accounts: Sequence[AccountSeries], times: Times) -> Values:
    """Return the equity of all accounts together at each time, each account's last point carried forward.

    An account counts nothing before its first point and from its removal on; NaN where no account counts yet.
    """
    total = np.zeros(len(times))
    seen = np.zeros(len(times), dtype=bool)
    for one in accounts:
        live, _ = _last_points(one, times)
        total += _carried_equity(one, times)
        seen |= live
    return np.where(seen, total, np.nan)


def draw_curve(
    series: Sequence[AccountSeries],
    rows: Sequence[PointRow],
    markers: Sequence[FlowMarker],
    since: datetime,
    now: datetime,
) -> Curve:
    """Return the equity of all series on an even grid of at most 2,000 points, ending now.

    Where an account was last read more than a day before, the sum is unknown and the line is broken.
    """
    step = FINE_SECONDS if now - since <= timedelta(days=1) else COARSE_SECONDS
    count = int((now - since).total_seconds() // step) + 1
    step *= -(-count // MOST_POINTS)
    end = to_us(now)
    times = np.arange(end, to_us(since) - 1, -step * 1_000_000, dtype=np.int64)[::-1]
    equity = total_equity(series, times)
    carried = _carried(series, rows, times, max(CARRIED_AFTER_SECONDS, 2 * step) * 1_000_000)
    equity[_oldest_point_us(series, times) > GAP_AFTER_US] = np.nan
    first = int(np.argmax(~np.isnan(equity))) if (~np.isnan(equity)).any() else len(times)
    return Curve(
        at=tuple(from_us(at) for at in times[first:].tolist()),
        equity=tuple(None if np.isnan(value) else float(value) for value in equity[first:]),
        carried=tuple(bool(flag) for flag in carried[first:]),
        flows=tuple(marker for marker in markers if since <= marker.at <= now),
    )


def trend(
    series: Sequence[AccountSeries], moves: Sequence[Move], total: float | None, since: datetime, now: datetime
) -> tuple[float, ...]:
    """Return the cumulative P&L since `since` at up to 48 evenly spaced instants, for a sparkline that ends at `total`.

    `moves` are what came, went, joined and left since then: an account's point counts them once it has seen them.
    """
    if total is None or not series:
        return ()
    times = np.linspace(to_us(since), to_us(now), TREND_POINTS).astype(np.int64)
    seen = np.zeros(len(times), dtype=bool)
    worth = np.zeros(len(times))
    for one in series:
        live, point_at = _last_points(one, times)
        worth += _carried_equity(one, times)
        for move in moves:
            if move.account == one.account:
                seen_at = np.where(live, point_at, times) >= to_us(move.at)
                worth -= np.where(seen_at, move.value, 0.0)
        seen |= live
    known = worth[seen]
    return (*(float(value - known[0]) for value in known[:-1]), total) if len(known) > 1 else ()


def _first_reading(starts: Sequence[tuple[int, float]], *, before: int | None) -> dict[int, float]:
    first = min((at for at, _ in starts), default=None)
    if first is None or before is None or first >= before:
        return {}
    return {first: sum(value for at, value in starts if at == first)}


def _carried(
    series: Sequence[AccountSeries], rows: Sequence[PointRow], times: Times, limit_us: int
) -> npt.NDArray[np.bool_]:
    incomplete: dict[str, set[int]] = {}
    for account_id, at, _, _, complete in rows:
        if not complete:
            incomplete.setdefault(str(account_id), set()).add(at)
    carried = _oldest_point_us(series, times) > limit_us
    for one in series:
        if one.account in incomplete:
            live, point_at = _last_points(one, times)
            carried |= live & np.isin(point_at, np.array(sorted(incomplete[one.account]), dtype=np.int64))
    return carried


def _carried_equity(one: AccountSeries, times: Times) -> Values:
    live, _ = _last_points(one, times)
    if not live.any():
        return np.zeros(len(times))
    index = np.searchsorted(one.at, times, side="right") - 1
    return np.where(live, one.equity[np.maximum(index, 0)], 0.0)


def _oldest_point_us(series: Sequence[AccountSeries], times: Times) -> Times:
    """Return how old the oldest point in the sum is at each time."""
    oldest = np.zeros(len(times), dtype=np.int64)
    for one in series:
        live, point_at = _last_points(one, times)
        oldest = np.maximum(oldest, np.where(live, times - point_at, 0))
    return oldest


def _last_points(one: AccountSeries, times: Times) -> tuple[npt.NDArray[np.bool_], Times]:
    """Return whether the account counts at each time, and the time of its last point there."""
    if not len(one.at):
        return np.zeros(len(times), dtype=bool), times
    index = np.searchsorted(one.at, times, side="right") - 1
    live = index >= 0
    if one.removed_at is not None:
        live &= times < one.removed_at
    return live, one.at[np.maximum(index, 0)]

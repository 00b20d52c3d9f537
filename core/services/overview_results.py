"""Results of today and of the month on the Overview, from the same days as the Results page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

from core.domain.currencies import USD
from core.domain.day_result import DayResult
from core.domain.types import LedgerRow, OpenPosition
from core.ports import UnitOfWork
from core.services import curves
from core.services import results_sums as sums
from core.services.book_links import find_links
from core.services.overview_types import PnlFigure
from core.services.period_days import ONE_DAY, Move, Shown, live_days, quiet_today, stored_days
from core.services.results_types import Day, Span

CURVE_KINDS = ("deposit", "withdrawal")
LEDGER_LAG = timedelta(minutes=10)  # two of its usual intervals


@dataclass(frozen=True, slots=True)
class Latest:
    """What was read last beside the wallets: what moved money lately, and what is open."""

    flows: Sequence[LedgerRow]
    positions: Sequence[OpenPosition]


@dataclass(frozen=True, slots=True)
class Running:
    """The days of the month up to now, and what came and went today."""

    shown: Shown
    days: tuple[Day, ...]
    moves: Sequence[Move]
    flows: Sequence[LedgerRow]


def load_running(uow: UnitOfWork, shown: Shown, latest: Latest, *, month: date) -> Running:
    """Return the days from the first of the month on: those stored and those that run, as the Results page has them."""
    began = None if shown.began is None else shown.began.astimezone(shown.zone).date()
    if began is None:
        return Running(shown, (), (), latest.flows)
    first = max(began, month)
    last = shown.today - ONE_DAY
    since = max(began, min(first, last))
    found, tail = stored_days(uow, shown, {shown.name}, currency=USD, span=Span(since, shown.today))
    stored = found[shown.name]
    rows = [row for row in stored if row.day >= first]
    quiet = quiet_today(shown, stored[-1] if stored else None, latest.flows, latest.positions)
    if quiet is not None and tail is not None and tail.days == 1 and not _is_linked(uow, shown, quiet):
        return Running(shown, (*map(Day, rows), quiet), (), latest.flows)
    if tail is None:
        return Running(shown, (), (), latest.flows)
    live = live_days(uow, shown, currency=USD, span=Span(max(tail.first, first), shown.today))
    open_day = next((day.result for day in live.days if day.is_open), None)
    moves = live.moves(open_day.begins_at, open_day.ends_at) if open_day is not None else []
    return Running(shown, (*map(Day, rows), *live.days), moves, latest.flows)


def _is_linked(uow: UnitOfWork, shown: Shown, quiet: Day) -> bool:
    """Tell whether somebody has said of money that it is on its way, or was lately: then a day takes its book."""
    since, until = quiet.result.begins_at - ONE_DAY, shown.now
    return bool(find_links(uow, {shown.client_id}, shown.ids, since=since, until=until).pairs)


def pnl_figures(
    running: Running,
    series: Sequence[curves.AccountSeries],
    begins: tuple[datetime, datetime],
    *,
    as_of: datetime | None,
    lacks_funding: bool,
) -> tuple[PnlFigure, PnlFigure]:
    """Return the results of today and of the month, which begin at these instants, with their trends."""
    today, month = begins
    shown, now = running.shown, running.shown.now
    open_days = [day for day in running.days if day.is_open]
    figures = []
    for days, begin in ((open_days, today), (running.days, month)):
        bars = sums.bars_of(days)
        total, last = sums.total_of(days), days[-1].result if days else None
        trend = (
            curves.trend(series, running.moves, total, today, now)
            if begin == today
            else _by_day([day.result for day in days], total)
        )
        figures.append(
            PnlFigure(
                value=total,
                rate=sums.returns_of(days, (), shown.began).twr,
                period_start=begin,
                since=max(begin, shown.began) if days and shown.began is not None else None,
                as_of=as_of,
                status=last.status if last is not None else "empty",
                net_flows=bars.get("net_flows") or 0.0,
                unvalued=_unvalued(running, begin),
                ledger_read_to=shown.read_to,
                is_provisional=total is not None and (lacks_funding or _lags(shown.read_to, as_of)),
                trend=trend,
            )
        )
    return figures[0], figures[1]


def _by_day(rows: Sequence[DayResult], total: float | None) -> tuple[float, ...]:
    """Return the cumulative P&L at the end of each day, from zero on; nothing where a day is unknown."""
    values = [row.total for row in rows]
    known = [value for value in values if value is not None]
    if total is None or len(known) < len(values):
        return ()
    return (0.0, *accumulate(known))


def _unvalued(running: Running, since: datetime) -> tuple[str, ...]:
    """Return the assets that came or went without a price, and still have none: they are in no figure."""
    shown = running.shown
    unpriced = {asset for wallet in shown.wallets for asset in wallet.unpriced}
    firsts = {(wallet.account_id, wallet.wallet): wallet.first_ok_at for wallet in shown.wallets}
    found = set()
    for row in running.flows:
        first = firsts.get((row.account_id, row.wallet))
        is_counted = row.account_id in shown.ids and row.booked_at >= max(since, first or since)
        if is_counted and row.price is None and row.asset in unpriced:
            found.add(row.asset)
    return tuple(sorted(found))


def _lags(ledger_read_to: datetime | None, as_of: datetime | None) -> bool:
    return as_of is not None and (ledger_read_to is None or as_of - ledger_read_to > LEDGER_LAG)

"""P&L by local day (PNL.md section 5): days add up to their months, whatever the clock did."""

from dataclasses import asdict, dataclass
from typing import Any

from core.domain.pnl.book import Book, Scope, instant, stamp
from core.domain.pnl.days import dates_between, day_bounds
from core.domain.pnl.period import PeriodPnl, consecutive_pnl
from core.domain.pnl.returns import chained_returns


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPnl(PeriodPnl):
    """P&L of one local date, with its time-weighted return (ratio, None without capital)."""

    date: str
    twr: float | None


def daily_pnl(  # noqa: PLR0913 (the fixed arguments of PNL.md section 17)
    book: Book,
    d0: str,
    d1: str,
    tz: str | None = None,
    scope: Scope = None,
    ccy: str | None = None,
    now: Any = None,  # noqa: ANN401
) -> list[DayPnl]:
    """Return one row per local date from d0 to d1; the day that is not over ends at `now`, later days are left out."""
    zone = tz or book.tz
    limit = None if now is None else instant(now)
    names: list[str] = []
    edges: list[int] = []
    for day in dates_between(d0, d1):
        bounds = day_bounds(day, zone)
        start, end = instant(bounds.start), instant(bounds.end)
        if limit is not None and start >= limit:
            break
        names.append(day.isoformat())
        edges += [start] if not edges else []
        edges.append(end if limit is None else min(end, limit))
    if not names:
        return []
    stamps = [stamp(us) for us in edges]
    rows = consecutive_pnl(book, stamps, scope, ccy)
    rates = chained_returns(book, edges, scope, ccy or book.ccy)
    return [DayPnl(**asdict(row), date=name, twr=rate) for row, name, rate in zip(rows, names, rates, strict=True)]

"""What P&L means and how it is computed, from a book of readings and ledger entries: PNL.md, in code.

Pure: no I/O, no clock, no globals. Times are UTC, dates ISO text in the book's zone, money float64, ratios never
percent; unknown is None, never zero. `scope` is None or a list of "account" and "account/wallet"; `ccy` None is the
book's.
"""

from core.domain.performance import drawdown, modified_dietz, risk_stats, twr, xirr
from core.domain.pnl.attribution import attribution
from core.domain.pnl.book import Book
from core.domain.pnl.daily import daily_pnl
from core.domain.pnl.days import day_bounds
from core.domain.pnl.equity import equity_at, equity_series
from core.domain.pnl.exposure import exposure
from core.domain.pnl.period import flows, period_pnl
from core.domain.pnl.returns import returns
from core.domain.pnl.sampling import downsample, round_money
from core.domain.pnl.trades import closed_positions, trade_stats
from core.domain.pnl.transfers import match_transfers
from core.domain.pricing import resolve_price

__all__ = [
    "Book",
    "attribution",
    "closed_positions",
    "daily_pnl",
    "day_bounds",
    "downsample",
    "drawdown",
    "equity_at",
    "equity_series",
    "exposure",
    "flows",
    "match_transfers",
    "modified_dietz",
    "period_pnl",
    "resolve_price",
    "returns",
    "risk_stats",
    "round_money",
    "trade_stats",
    "twr",
    "xirr",
]

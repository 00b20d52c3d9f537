"""Files of the Results page, from the same function as the page: result and statistics, days, parts, rows, trades."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from core.domain.currencies import USD
from core.domain.pnl.book import COMPONENTS
from core.domain.types import Scope
from core.errors import ConflictError, NotFoundError
from core.ports import Storage
from core.services.access import clients_of, require_recent_login
from core.services.exports import Cell, Column, Export
from core.services.results import load_results
from core.services.results_rows import load_parts, load_rows
from core.services.results_types import BARS, FLOWS, GROUPS, MONEY, Question, Results

PNL, DAILY, ATTRIBUTION, PNL_ROWS, CLOSED = "pnl", "daily", "attribution", "pnl_rows", "closed_positions"
RISK = ("volatility", "sharpe", "sortino", "calmar", "cagr", "max_drawdown", "best", "worst", "positive_days")
RATES = ("twr", "mwr", "twr_per_year", "mwr_per_year")
RATIO, COUNT = "ratio", "count"
TRADES = {
    "win_rate": RATIO, "profit_factor": RATIO, "expectancy": "", "payoff": RATIO, "avg_win": "", "avg_loss": "",
    "largest_win": "", "largest_loss": "", "net": "",
}  # fmt: skip

COLUMNS = {
    PNL: (
        Column("item", "text"),
        Column("value", "money"),
        Column("unit", "text"),
        Column("since", "text"),
        Column("until", "text"),
        Column("time_zone", "text"),
        Column("provisional", "flag"),
    ),
    DAILY: (
        Column("day", "text"),
        Column("time_zone", "text"),
        Column("currency", "text"),
        Column("opening", "money"),
        *(Column(name, "money") for name in (*FLOWS, *COMPONENTS)),
        Column("closing", "money"),
        Column("result", "money"),
        Column("twr", "amount"),
        Column("status", "text"),
        Column("unexplained_ok", "flag"),
        Column("provisional", "flag"),
        Column("restated", "flag"),
    ),
    ATTRIBUTION: (
        Column("by", "text"),
        Column("part", "text"),
        Column("name", "text"),
        Column("currency", "text"),
        *(Column("result" if name == "total" else name, "money") for name in MONEY),
    ),
    PNL_ROWS: (
        Column("bar", "text"),
        Column("kind", "text"),
        Column("at", "time"),
        Column("account", "text"),
        Column("exchange", "text"),
        Column("wallet", "text"),
        Column("asset", "text"),
        Column("amount", "amount"),
        Column("symbol", "text"),
        Column("value", "money"),
        Column("currency", "text"),
        Column("changes", "amount"),
        Column("entry", "text"),
    ),
    CLOSED: (
        Column("closed_at", "time"),
        Column("opened_at", "time"),
        Column("account", "text"),
        Column("exchange", "text"),
        Column("symbol", "text"),
        Column("side", "text"),
        Column("size_base", "amount"),
        Column("entry_price", "amount"),
        Column("exit_price", "amount"),
        Column("gross", "amount"),
        Column("fee", "amount"),
        Column("funding", "amount"),
        Column("net", "amount"),
        Column("settle_asset", "text"),
        Column("price_usd", "amount"),
        Column("net_usd", "amount"),
        Column("value", "money"),
        Column("currency", "text"),
        Column("native_id", "text"),
    ),
}
DATASETS = tuple(COLUMNS)
Rows = Iterator[Sequence[Cell]]


def open_results_export(storage: Storage, scope: Scope, dataset: str, question: Question, *, now: datetime) -> Export:
    """Return the rows of one dataset (pnl, daily, attribution, pnl_rows, closed_positions) for what a page asks.

    Raises:
        StepUpRequiredError: the login is older than ten minutes.
        NotFoundError: the client, the account or the dataset is unknown or outside the scope.
        InvalidInputError: the period or the currency is not one.
        ConflictError: `days_pending`, the days are not all computed in this currency yet.
    """
    require_recent_login(scope, now)
    clients_of(scope, question.client_id)
    writers: dict[str, Callable[[Storage, Scope, Results], Rows]] = {
        PNL: _pnl,
        DAILY: _daily,
        ATTRIBUTION: _attribution,
        PNL_ROWS: _rows,
        CLOSED: _closed,
    }
    if dataset not in writers:
        raise NotFoundError("dataset")
    results = load_results(storage, scope, question, now=now)
    if results.pending:
        raise ConflictError(code="days_pending")
    filename = f"{dataset}-{now:%Y%m%dT%H%M%SZ}.csv"
    return Export(
        dataset, COLUMNS[dataset], writers[dataset](storage, scope, results), now, filename, question.client_id
    )


def _pnl(_storage: Storage, _scope: Scope, results: Results) -> Rows:
    """Yield every figure of the page: the bars, the result, returns, risk and trades."""
    since = "" if results.since is None else results.since.isoformat()
    tail = (since, results.span.last.isoformat(), results.time_zone, results.is_provisional)
    for item, value, unit in figures(results):
        yield item, value, unit, *tail


def figures(results: Results) -> Iterator[tuple[str, Cell, str]]:
    """Yield name, value and unit (a currency, ratio, count) of every figure of the period."""
    currency = results.question.currency
    for bar in BARS:
        yield bar, results.bars.get(bar), currency
    yield "result", results.total, currency
    yield "trading", results.trading, currency
    if results.rate is not None and currency != USD:
        yield "per_usd", results.rate.per_usd, currency
    for name in RATES:
        yield name, getattr(results.returns, name), RATIO
    if results.risk is not None:
        for name in RISK:
            yield name, getattr(results.risk, name), RATIO
        yield "closed_days", results.risk.n, COUNT
    if results.trades is not None and results.trades.is_told:
        for name, unit in TRADES.items():
            yield name, getattr(results.trades.stats, name), unit or currency
        yield "closed_positions", results.trades.stats.n, COUNT


def _daily(_storage: Storage, _scope: Scope, results: Results) -> Rows:
    for day in results.days:
        row = day.result
        yield (
            row.day.isoformat(),
            row.time_zone,
            row.currency,
            row.equity0,
            *(getattr(row, name) for name in (*FLOWS, *COMPONENTS)),
            row.equity1,
            row.total,
            row.twr,
            row.status,
            row.unexplained_ok,
            day.is_provisional,
            row.revised,
        )


def _attribution(storage: Storage, scope: Scope, results: Results) -> Rows:
    for by in GROUPS:
        for part in load_parts(storage, scope, results, by=by):
            yield by, part.key, part.name, results.question.currency, *(part.money[name] for name in MONEY)


def _rows(storage: Storage, scope: Scope, results: Results) -> Rows:
    currency = results.question.currency
    for row in load_rows(storage, scope, results):
        place = (row.account, row.exchange, row.wallet, row.asset, row.amount, row.symbol)
        yield row.component, row.kind, row.at, *place, row.value, currency, row.count, row.entry


def _closed(_storage: Storage, _scope: Scope, results: Results) -> Rows:
    for trade in () if results.trades is None else results.trades.rows:
        row = trade.row
        yield (
            row.closed_at,
            row.opened_at,
            trade.account,
            trade.exchange,
            row.symbol,
            row.side,
            row.size_base,
            row.entry_price,
            row.exit_price,
            row.gross_pnl,
            row.fee,
            row.funding,
            row.net_pnl,
            row.settle_asset,
            row.price,
            row.net_usd,
            trade.value,
            results.question.currency,
            row.native_id,
        )

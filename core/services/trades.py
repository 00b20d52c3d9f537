"""Closed positions of the accounts shown over a period, valued, and their statistics (PNL.md section 8).

A position counts in the period in which it was closed, with its net as the exchange defines it.
"""

from collections.abc import Callable, Sequence

from core.domain.closed import ClosedRow
from core.domain.currencies import USD
from core.domain.pnl.book import DEFAULTS
from core.domain.pnl.trades import TradeStats, trade_stats
from core.ports import UnitOfWork
from core.services.period_days import Shown, edges_of
from core.services.rates import Rates, load_rates
from core.services.results_types import ACCOUNT, SYMBOL, WHOLE, Question, Span
from core.services.trades_types import Told, Trade, TradePart, Trades

EVEN_USD = "breakeven_usd"


def find_trades(uow: UnitOfWork, shown: Shown, question: Question, span: Span) -> Trades:
    """Return the closed positions of a span of local days of the accounts shown; "all" begins with the first known."""
    since, until = edges_of(shown, span)
    told = _told(shown)
    known = [one.since for one in told if one.since is not None]
    if question.period == WHOLE:
        since = min([since, *known])
    stored = uow.closed.between(shown.ids, {shown.client_id}, since=since, until=until)
    rates = load_rates(uow, question.currency, since, until)
    members = {account.id: account for account in shown.members}
    rows = tuple(
        Trade(row, members[row.account_id].name, members[row.account_id].exchange, _value(row, rates))
        for row in stored
    )  # fmt: skip
    return Trades(
        since=since,
        stats=stats_of(rows),
        rows=rows,
        parts={
            SYMBOL: _parts(rows, lambda trade: trade.row.symbol, lambda trade: trade.row.symbol),
            ACCOUNT: _parts(rows, lambda trade: str(trade.row.account_id), lambda trade: trade.account),
        },
        told=told,
        unvalued=sum(1 for trade in rows if trade.value is None),
    )


def stats_of(trades: Sequence[Trade]) -> TradeStats:
    """Return the statistics of those with a value; half a cent of a dollar is break-even, whatever the currency."""
    values = [trade.value for trade in trades if trade.value is not None]
    both = [(t.value, float(t.row.net_usd)) for t in trades if t.value is not None and t.row.net_usd is not None]
    in_usd = sum(abs(usd) for _value, usd in both)
    per_usd = sum(abs(value) for value, _usd in both) / in_usd if in_usd else 1.0
    return trade_stats(values, {EVEN_USD: DEFAULTS[EVEN_USD] * per_usd})


def _told(shown: Shown) -> tuple[Told, ...]:
    states = {state.account_id: state for state in shown.states}
    found = []
    for account in (account for account in shown.members if account.removed_at is None):
        state = states.get(account.id)
        since, read_to = (None, None) if state is None else (state.closed_since, state.closed_read_to)
        found.append(Told(account.id, account.name, account.exchange, since, read_to))
    return tuple(found)


def _value(row: ClosedRow, rates: Rates) -> float | None:
    """Return the net at the rate of the close; of the reporting coin itself its amount."""
    if row.settle_asset == rates.currency != USD:
        return float(row.net_pnl)
    usd = row.net_usd
    return None if usd is None else rates.convert(float(usd), row.closed_at)


def _parts(
    rows: Sequence[Trade], key_of: Callable[[Trade], str], name_of: Callable[[Trade], str]
) -> tuple[TradePart, ...]:
    """Return the parts by net, the best first; one whose positions have no value is none."""
    groups: dict[str, list[Trade]] = {}
    for trade in rows:
        if trade.value is not None:
            groups.setdefault(key_of(trade), []).append(trade)
    parts = [TradePart(key, name_of(group[0]), stats_of(group)) for key, group in groups.items()]
    return tuple(sorted(parts, key=lambda part: (-part.stats.net, part.name, part.key)))

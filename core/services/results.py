"""P&L of a client's accounts over a period: stored days, the day that runs, returns, risk, parts and their rows.

One function feeds page and files. Days that are stored are read, not computed; only what is not stored yet (today,
and what the sidecar has not closed) is computed from a book here. Days are local days of the client's zone.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from core.domain.currencies import USD
from core.domain.day_result import DayResult
from core.domain.pnl import Book
from core.domain.types import LedgerRow, Role, Scope
from core.errors import NotFoundError
from core.ports import Storage, UnitOfWork
from core.services import results_sums as sums
from core.services.access import clients_of, without_hint
from core.services.books import load_book
from core.services.period_days import (
    ONE_DAY,
    STEP_SECONDS,
    Live,
    Shown,
    edges_of,
    live_days,
    stored_days,
)
from core.services.rates import Rates, check_currency, load_rates
from core.services.results_types import (
    ACCOUNT,
    EXCHANGE,
    Day,
    Part,
    Question,
    Results,
    Span,
    span_of,
)
from core.services.trades import find_trades
from core.services.unpriced import load_unpriced
from core.services.views import ALL, members_of

IN_TRANSIT = "(in transit)"
EXTERNAL = ("deposit", "withdrawal")
BETWEEN = ("transfer_in", "transfer_out")
CLOSE_ENOUGH = 0.01
CLOSE_PART = 1e-3  # a coin's rate at a booking is that of the nearest reading


def load_results(storage: Storage, scope: Scope, question: Question, *, now: datetime) -> Results:
    """Return what the Results page shows, by account and exchange too; other parts: `results_rows.load_parts`.

    Raises:
        NotFoundError: the client or the account is outside the scope.
        InvalidInputError: the period or the currency is not one.
    """
    check_currency(question.currency)
    with storage.begin(scope, write=False) as uow:
        shown = find_shown(uow, scope, question, now)
        began = None if shown.began is None else shown.began.astimezone(shown.zone).date()
        span = span_of(question, shown.today, began)
        if began is None or span.last < began:
            return _empty(scope, question, shown, span, began)
        first = max(span.first, began)
        empty = replace(
            _empty(scope, question, shown, span, began),
            unpriced=load_unpriced(uow, shown.members, {shown.client_id}),
        )
        whole_span = Span(first, span.last)
        names = {shown.name, *(str(account.id) for account in shown.members)}
        stored, tail = stored_days(uow, shown, names, currency=question.currency, span=whole_span)
        if tail is None:
            return replace(empty, since=first, pending=_pending(stored[shown.name], whole_span, shown))
        live = live_days(uow, shown, currency=question.currency, span=tail)
        moves = _moves(uow, shown, question, whole_span)
        rates = load_rates(uow, question.currency, *edges_of(shown, whole_span))
        trades = find_trades(uow, shown, question, span)
    days = (*map(Day, stored[shown.name]), *live.days)
    bars = sums.bars_of(days)
    risk, fall = sums.risk_of(days)
    whole = sums.money_of(day.result for day in days)
    rate = rates.at(days[-1].result.ends_at) if days else None
    per_usd = None if rate is None else rate.per_usd
    moments = _moments(days, moves, shown, rates)
    return replace(
        empty,
        since=first,
        history_begins=began >= span.first,
        days=days,
        bars=bars,
        total=sums.total_of(days),
        unexplained_ok=sums.within_tolerance(bars, per_usd),
        returns=sums.returns_of(days, moments, shown.began, per_usd),
        rate=rate,
        risk=risk,
        fall=fall,
        parts=_parts(shown, stored, live, whole),
        trades=trades,
    )


def find_shown(uow: UnitOfWork, scope: Scope, question: Question, now: datetime) -> Shown:
    """Read whose results are asked for.

    Raises:
        NotFoundError: the client is none, or the account is not the client's.
    """
    clients_of(scope, question.client_id)
    client = uow.users.get(question.client_id)
    if client is None or client.role is not Role.CLIENT:
        raise NotFoundError("client")
    ids = {client.id}
    accounts = uow.accounts.all(ids, with_removed=True)
    members, name = members_of(accounts, question.view)
    keys = {account.id for account in members}
    wallets = uow.readings.wallets(keys, ids) if keys else []
    states = uow.syncing.states(ids, account_ids=keys) if keys else []
    narrow = replace(scope, client_ids=frozenset(ids))
    everything = (tuple(accounts), tuple(members), name, tuple(wallets), tuple(states))
    return Shown(client.id, client.time_zone, narrow, *everything, now)


def load_period_book(uow: UnitOfWork, shown: Shown, question: Question, span: Span) -> Book:
    """Return the book of the accounts shown for a span of local days, up to now."""
    since, until = edges_of(shown, span)
    return load_book(
        uow, shown.scope, shown.ids, since, until,
        time_zone=shown.time_zone, currency=question.currency,
        step_seconds=STEP_SECONDS if span.days <= 100 else None,
    )  # fmt: skip


def _empty(scope: Scope, question: Question, shown: Shown, span: Span, began: date | None) -> Results:
    return Results(
        question=question,
        span=span,
        time_zone=shown.time_zone,
        now=shown.now,
        accounts=tuple(without_hint(scope, account) for account in shown.accounts if account.removed_at is None),
        shown=tuple(account.id for account in shown.members),
        testnet=bool(shown.members) and all(account.testnet for account in shown.members),
        since=None,
        history_begins=False,
        began=began,
        ledger_read_to=shown.read_to,
    )


def _pending(stored: Sequence[DayResult], span: Span, shown: Shown) -> int:
    """Return how many closed days of a span are not stored."""
    return (min(span.last, shown.today - ONE_DAY) - span.first).days + 1 - len(stored)


def _parts(
    shown: Shown,
    stored: dict[str, list[DayResult]],
    live: Live,
    whole: dict[str, float],
) -> dict[str, tuple[Part, ...]]:
    if len(shown.members) == 1:
        only = shown.members[0]
        return {
            ACCOUNT: (Part(ACCOUNT, str(only.id), only.name, whole),),
            EXCHANGE: (Part(EXCHANGE, only.exchange, only.exchange, whole),),
        }
    moved = live.by_account()
    by_account, by_exchange = [], dict[str, dict[str, float]]()
    for account in shown.members:
        key = str(account.id)
        money = sums.added(sums.money_of(stored[key]), moved.get(key, {}))
        by_account.append(Part(ACCOUNT, key, account.name, money))
        by_exchange[account.exchange] = sums.added(by_exchange.get(account.exchange, {}), money)
    exchanges = [Part(EXCHANGE, name, name, money) for name, money in by_exchange.items()]
    return {
        ACCOUNT: sums.with_rest(by_account, whole, by=ACCOUNT, key=IN_TRANSIT),
        EXCHANGE: sums.with_rest(exchanges, whole, by=EXCHANGE, key=IN_TRANSIT),
    }


def _moves(uow: UnitOfWork, shown: Shown, question: Question, span: Span) -> list[LedgerRow]:
    kinds = EXTERNAL if question.view == ALL else (*EXTERNAL, *BETWEEN)
    since, until = edges_of(shown, span)
    return uow.ledger.flows(shown.ids, {shown.client_id}, since=since - ONE_DAY, until=until, kinds=kinds)


def _moments(
    days: Sequence[Day], ledger: Sequence[LedgerRow], shown: Shown, rates: Rates
) -> list[tuple[datetime, float]]:
    """Return when money came into what is measured and left it: the entries' times where they explain a day's flows.

    What they do not explain is put in the middle of the day, capital that joins at its first reading.
    """
    firsts = [wallet.first_ok_at for wallet in shown.wallets if wallet.first_ok_at is not None]
    worth = [(row.booked_at, _worth(row, rates)) for row in ledger if row.price is not None]
    found: list[tuple[datetime, float]] = []
    for row in (day.result for day in days):
        middle = row.begins_at + (row.ends_at - row.begins_at) / 2
        if row.net_flows:
            own = [(at, value) for at, value in worth if value is not None and row.begins_at <= at < row.ends_at]
            enough = max(CLOSE_ENOUGH * _per_usd(rates, row.ends_at), CLOSE_PART * abs(row.net_flows))
            explained = abs(sum(value for _at, value in own) - row.net_flows) <= enough
            found += own if own and explained else [(middle, row.net_flows)]
        if row.scope_flows:
            joined = [at for at in firsts if row.begins_at < at <= row.ends_at]
            found.append((min(joined, default=middle), row.scope_flows))
    return found


def _worth(entry: LedgerRow, rates: Rates) -> float | None:
    """Return what an entry was worth when it was booked; of the reporting coin itself its amount."""
    if entry.asset == rates.currency != USD:
        return float(entry.amount)
    return None if entry.price is None else rates.convert(float(entry.amount * entry.price), entry.booked_at)


def _per_usd(rates: Rates, at: datetime) -> float:
    rate = rates.at(at)
    return 0.0 if rate is None else rate.per_usd

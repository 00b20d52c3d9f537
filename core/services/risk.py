"""Positions & risk of a client's accounts, from the latest stored state: one function feeds page and file.

Exposure is `core.domain.pnl.exposure` of a book of the latest state; funding since open is summed from the ledger.
Mainnet and testnet accounts are never added up. Two queries beside the session's own: the picture and the ledger rows;
rates of another currency than the dollar come on top.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import pandas as pd

from core.domain.pnl import Book, equity_at, exposure
from core.domain.pnl.book import instant
from core.domain.pnl.exposure import Exposure
from core.domain.pnl.wallets import rates
from core.domain.types import ExchangeAccount, HeldBalance, Job, LedgerRow, OpenPosition, Scope, SyncState, WalletState
from core.ports import ClientPicture, ExchangePause, Storage
from core.services import account_state
from core.services.access import clients_of, without_hint
from core.services.health import system_health
from core.services.overview_types import EmptyState
from core.services.rates import Rate, check_currency, load_rates, rate_tables
from core.services.risk_book import latest_book, oldest_reading
from core.services.risk_funding import FUNDING, RateAt, earliest_start, funding_sums
from core.services.risk_rows import margin_rows, order_of, risk_rows, shared_funding, symbol_rows, unpriced_rows
from core.services.risk_types import Exposed, Reason, Risk, RiskRow
from core.services.views import MAIN, select_accounts

USD = "USD"


@dataclass(frozen=True, slots=True)
class _Loaded:
    """One reading of the database: what is known of all accounts, and the latest state of those shown."""

    accounts: Sequence[ExchangeAccount]
    shown: Sequence[ExchangeAccount]
    states: Mapping[UUID, SyncState]
    jobs: Mapping[UUID, Job]
    pauses: Mapping[tuple[str, str], ExchangePause]
    wallets: Sequence[WalletState]
    mine: Sequence[WalletState]
    balances: Sequence[HeldBalance]
    positions: Sequence[OpenPosition]
    ledger: Sequence[LedgerRow]
    picture: ClientPicture
    tables: Mapping[str, pd.DataFrame]
    rate: Rate | None

    @property
    def names(self) -> dict[UUID, ExchangeAccount]:
        """The accounts shown by id."""
        return {account.id: account for account in self.shown}


def load_risk(  # noqa: PLR0913 - what the page asks
    storage: Storage,
    scope: Scope,
    *,
    client_id: UUID,
    view: str = MAIN,
    currency: str = USD,
    time_zone: str = "UTC",
    now: datetime,
) -> Risk:
    """Return exposure, margins and positions of a client's main account, of all, or of one (`view` = its id as text).

    Money is in `currency`; where its rate is not known it is None, never the dollar's figure.

    Raises:
        NotFoundError: the client or the account is outside the scope.
        InvalidInputError: the currency is none that money can be shown in.
    """
    clients_of(scope, client_id)
    loaded = _load(storage, scope, client_id, view, check_currency(currency), now)
    book = latest_book(
        loaded.shown,
        loaded.mine,
        loaded.balances,
        loaded.positions,
        states=loaded.states,
        time_zone=time_zone,
        currency=currency,
        tables=loaded.tables,
    )
    return _assemble(loaded, book, now)


def _load(  # noqa: PLR0913 - what the page asks
    storage: Storage, scope: Scope, client_id: UUID, view: str, currency: str, now: datetime
) -> _Loaded:
    with storage.begin(scope, write=False) as uow:
        picture = uow.pictures.of_client(client_id, times=(), flows_since=now, kinds=(FUNDING,), now=now)
        accounts = [account for account in picture.accounts if account.removed_at is None]
        shown = [account for account in select_accounts(picture.accounts, view) if account.removed_at is None]
        states = {state.account_id: state for state in picture.states}
        ids = {account.id for account in shown}
        positions = [row for row in picture.positions if row.account_id in ids and row.size_base]
        since = earliest_start(positions, states)
        paying = {position.account_id for position in positions}
        ledger = (
            uow.ledger.flows(paying, {client_id}, since=since, until=now, kinds=(FUNDING,)) if since is not None else []
        )
        mine = [wallet for wallet in picture.wallets if wallet.account_id in ids]
        begin = min((at for at in (since, oldest_reading(mine)) if at is not None), default=now)
        tables = rate_tables(uow, currency, begin, now)
        rate = load_rates(uow, currency, begin, now).at(now)
    return _Loaded(
        accounts=[without_hint(scope, account) for account in accounts],
        shown=shown,
        states=states,
        jobs=account_state.newest_jobs(picture.jobs),
        pauses={(pause.exchange, pause.egress): pause for pause in picture.pauses},
        wallets=picture.wallets,
        mine=mine,
        balances=[row for row in picture.balances if row.account_id in ids],
        positions=sorted(positions, key=order_of),
        ledger=ledger,
        picture=picture,
        tables=tables,
        rate=rate,
    )


def _assemble(loaded: _Loaded, book: Book, now: datetime) -> Risk:
    names, mine, positions = loaded.names, loaded.mine, loaded.positions
    at = max([now, *(wallet.as_of for wallet in mine if wallet.as_of is not None)])  # the sidecar's clock may be ahead
    found, worth = exposure(book, at), equity_at(book, at)
    rate_at = _rates(book)
    funding = funding_sums(positions, loaded.ledger, loaded.states, rate_at)
    rows = risk_rows(positions, found.positions, names, mine, funding)
    sums = _sums(found, rows, _unrealized(mine, rate_at), worth.status)
    usd = account_state.equity_figure(mine, names)
    health = tuple(account_state.account_health(account, loaded, now) for account in loaded.accounts)
    amounts = {(row.account_id, row.wallet, row.asset): row.total - row.debt for row in loaded.balances}
    held = bool(positions) or any(row.total or row.debt for row in loaded.balances)
    empty = account_state.empty_state(set(names), mine, health, held=held)
    return Risk(
        accounts=health,
        shown=tuple(names),
        testnet=bool(names) and all(account.testnet for account in loaded.shown),
        empty=EmptyState.NONE if empty is EmptyState.ZERO else empty,
        currency=book.ccy,
        rate=loaded.rate,
        equity=replace(usd, value=found.equity) if usd.value is not None else usd,
        status=worth.status,
        sums=sums,
        symbols=symbol_rows(found.by_symbol) if sums.gross is not None else (),
        deltas=_deltas(found),
        margins=margin_rows(mine, found.wallets, positions, names),
        positions=rows,
        shared_funding=shared_funding(positions, names, funding),
        unpriced=unpriced_rows(mine, amounts, names),
        wallets_read=sum(wallet.ok and wallet.as_of is not None for wallet in mine),
        wallets_total=len(mine),
        flat=not positions,
        checked_at=oldest_reading(mine),
        ledger_read_to=account_state.ledger_read_to(loaded.states, {p.account_id for p in positions}),
        data_version=sum(state.data_version for state in loaded.states.values()),
        system=system_health(loaded.picture.heartbeats, now),
        now=now,
    )


def _rates(book: Book) -> RateAt:
    found = rates(book, book.ccy)
    return lambda at: found.one(instant(at))


def _unrealized(wallets: Sequence[WalletState], rate_at: RateAt) -> float | None:
    """Return the open P&L of all wallets: the Overview's figure, in the reporting currency."""
    parts = [
        wallet.unrealized_pnl * rate_at(wallet.as_of)
        for wallet in wallets
        if wallet.unrealized_pnl is not None and wallet.as_of is not None
    ]
    total = math.fsum(parts) if parts else math.nan
    return None if math.isnan(total) else total


def _sums(found: Exposure, rows: Sequence[RiskRow], unrealized: float | None, status: str) -> Exposed:
    unvalued = sum(row.notional is None for row in rows)
    distances = [row.distance for row in rows if row.distance is not None]
    nearest = min(distances, default=None)
    if any(row.notional_reason is Reason.NO_RATE for row in rows):
        return Exposed(None, None, None, None, None, Reason.NO_RATE, unrealized, nearest, unvalued)
    reasons = {"gap": Reason.GAP, "no_fx": Reason.NO_RATE}
    missing = None if found.leverage is not None else reasons.get(status, Reason.NO_EQUITY)
    return Exposed(
        found.long, found.short, found.gross, found.net, found.leverage, missing, unrealized, nearest, unvalued
    )


def _deltas(found: Exposure) -> tuple[tuple[str, float], ...]:
    """Return delta by asset, the largest first; what has no rate or price is left out."""
    known = [(asset, value) for asset, value in found.delta_by_asset.items() if not math.isnan(value)]
    return tuple(sorted(known, key=lambda part: (-abs(part[1]), part[0])))

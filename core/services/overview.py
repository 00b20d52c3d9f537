"""The Overview: equity, P&L, curve, balances and positions of one client's accounts, from stored readings only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from core.domain.ledger_kinds import FLOWS
from core.domain.marks import Mark, awaits_funding
from core.domain.types import (
    EquityPoint,
    ExchangeAccount,
    HeldBalance,
    Job,
    LedgerRow,
    OpenPosition,
    Scope,
    SyncState,
    WalletState,
)
from core.errors import InvalidInputError
from core.ports import ClientPicture, ExchangePause, PointRow, Storage, UnitOfWork
from core.services import curves, holdings
from core.services.access import clients_of, without_hint
from core.services.account_state import account_health, empty_state, equity_figure, newest_jobs
from core.services.health import system_health
from core.services.overview_results import CURVE_KINDS, Latest, Running, load_running, pnl_figures
from core.services.overview_types import (
    AccountHealth,
    EmptyState,
    Figure,
    FlowMarker,
    Overview,
    SystemHealth,
)
from core.services.period_days import Shown
from core.services.views import ALL, MAIN, members_of, select_accounts

__all__ = ["ALL", "MAIN", "PERIODS", "data_version", "load_overview"]
PERIODS = (1, 7, 30, 90)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Rows of one reading of the database, before any arithmetic."""

    accounts: list[ExchangeAccount]
    shown: list[ExchangeAccount]
    states: dict[UUID, SyncState]
    jobs: dict[UUID, Job]
    pauses: dict[tuple[str, str], ExchangePause]
    wallets: list[WalletState]
    balances: list[HeldBalance]
    positions: list[OpenPosition]
    points: list[PointRow]
    boundaries: list[EquityPoint]
    ledger: list[LedgerRow]
    system: SystemHealth
    marks: list[Mark]
    running: Running


def load_overview(
    storage: Storage,
    scope: Scope,
    *,
    client_id: UUID,
    view: str = MAIN,
    period_days: int = 30,
    time_zone: str = "UTC",
    now: datetime,
) -> Overview:
    """Return what the Overview shows of a client: its main account, all of them, or one (`view` = its id as text).

    "Today" and "month" begin at the local midnight of `time_zone`. Mainnet and testnet accounts are never added up:
    "all" means the mainnet ones where there are any.

    Raises:
        NotFoundError: the client or the account is outside the scope.
        InvalidInputError: the period is none of 1, 7, 30, 90 days.
    """
    if period_days not in PERIODS:
        raise InvalidInputError("period", "unknown_period")
    clients_of(scope, client_id)
    today, month = curves.day_start(now, time_zone), curves.month_start(now, time_zone)
    since = now - timedelta(days=period_days)
    with storage.begin(scope, write=False) as uow:
        loaded = _load(uow, scope, (client_id, view, time_zone), (since, today, month, now))
    return _assemble(loaded, (since, today, month, now))


def data_version(storage: Storage, scope: Scope, client_id: UUID) -> int:
    """Return a number that grows with every stored reading of the client: redraw only when it has changed."""
    with storage.begin(scope, write=False) as uow:
        return uow.syncing.data_version(clients_of(scope, client_id))


def _load(
    uow: UnitOfWork, scope: Scope, asked: tuple[UUID, str, str], times: tuple[datetime, datetime, datetime, datetime]
) -> _Loaded:
    client_id, view, _time_zone = asked
    since, today, month, now = times
    picture = uow.pictures.of_client(
        client_id, times=sorted({since, today, month}), flows_since=min(since, month) - ONE_DAY, kinds=FLOWS, now=now
    )
    chosen = select_accounts(picture.accounts, view)
    ids = {account.id for account in chosen}
    points = uow.readings.points(ids, {client_id}, curves.windows(since, today, month, now))
    shown = _shown(picture, scope, asked, now)
    latest = Latest(picture.flows, picture.positions)
    return _Loaded(
        accounts=[without_hint(scope, account) for account in picture.accounts],
        shown=chosen,
        states={state.account_id: state for state in picture.states},
        jobs=newest_jobs(picture.jobs),
        pauses={(pause.exchange, pause.egress): pause for pause in picture.pauses},
        wallets=picture.wallets,
        balances=[row for row in picture.balances if row.account_id in ids],
        positions=[row for row in picture.positions if row.account_id in ids],
        points=points,
        boundaries=[p for found in picture.boundaries.values() for p in found.values() if p.account_id in ids],
        ledger=[row for row in picture.flows if row.account_id in ids and row.kind in CURVE_KINDS],
        system=system_health(picture.heartbeats, now),
        marks=[mark for mark in picture.marks if mark.account_id in ids],
        running=load_running(uow, shown, latest, month=month.astimezone(shown.zone).date()),
    )


def _shown(picture: ClientPicture, scope: Scope, asked: tuple[UUID, str, str], now: datetime) -> Shown:
    """Return whose results are shown, as the Results page has it."""
    client_id, view, time_zone = asked
    members, name = members_of(picture.accounts, view)
    ids = {account.id for account in members}
    return Shown(
        client_id=client_id,
        time_zone=time_zone,
        scope=replace(scope, client_ids=frozenset({client_id})),
        accounts=tuple(picture.accounts),
        members=tuple(members),
        name=name,
        wallets=tuple(wallet for wallet in picture.wallets if wallet.account_id in ids),
        states=tuple(state for state in picture.states if state.account_id in ids),
        now=now,
    )


def _assemble(loaded: _Loaded, times: tuple[datetime, datetime, datetime, datetime]) -> Overview:
    since, today, month, now = times
    names = {account.id: account for account in loaded.shown}
    present = {account.id for account in loaded.shown if account.removed_at is None}
    wallets = [wallet for wallet in loaded.wallets if wallet.account_id in present]
    series = curves.build_series(
        loaded.shown, loaded.points, loaded.boundaries, [w for w in loaded.wallets if w.account_id in names]
    )
    equity = equity_figure(wallets, names)
    health = tuple(account_health(account, loaded, now) for account in loaded.accounts if account.removed_at is None)
    today_figure, month_figure = pnl_figures(
        loaded.running, series, (today, month), as_of=equity.as_of, lacks_funding=_lacks_funding(loaded, present)
    )
    balances = [row for row in loaded.balances if row.account_id in present]
    positions = [row for row in loaded.positions if row.account_id in present]
    return Overview(
        accounts=health,
        shown=tuple(account.id for account in loaded.shown),
        testnet=bool(names) and all(account.testnet for account in loaded.shown),
        empty=_empty_state(
            loaded, wallets, health, held=bool(positions) or any(row.total or row.debt for row in balances)
        ),
        equity=equity,
        unrealized=_unrealized(wallets, equity),
        today=today_figure,
        month=month_figure,
        curve=curves.draw_curve(series, loaded.points, _markers(loaded.ledger, names), since, now),
        allocation=holdings.allocation(balances),
        balances=holdings.balance_rows(balances, names, wallets),
        positions=holdings.position_rows(positions, names, wallets),
        data_version=sum(state.data_version for state in loaded.states.values()),
        system=loaded.system,
        now=now,
        marks=tuple(loaded.marks),
    )


def _unrealized(wallets: Sequence[WalletState], equity: Figure) -> Figure:
    known = [wallet.unrealized_pnl for wallet in wallets if wallet.unrealized_pnl is not None]
    return Figure(sum(known) if known else None, equity.as_of, equity.carried)


def _empty_state(
    loaded: _Loaded, wallets: Sequence[WalletState], health: Sequence[AccountHealth], *, held: bool
) -> EmptyState:
    chosen = {account.id for account in loaded.shown}
    if loaded.points and not any(one.account.id in chosen for one in health):
        return EmptyState.NONE  # the history of what was removed
    return empty_state(chosen, wallets, health, held=held)


def _lacks_funding(loaded: _Loaded, present: Collection[UUID]) -> bool:
    """Tell whether an account with open positions was last read when funding was due and not yet in its ledger."""
    for account_id in {position.account_id for position in loaded.positions} & set(present):
        read_at = max((w.as_of for w in loaded.wallets if w.account_id == account_id and w.as_of), default=None)
        state = loaded.states.get(account_id)
        if read_at is not None and awaits_funding(read_at, state.ledger_read_to if state else None):
            return True
    return False


def _markers(ledger: Sequence[LedgerRow], names: dict[UUID, ExchangeAccount]) -> list[FlowMarker]:
    return [
        FlowMarker(
            at=row.booked_at,
            value=float(row.amount * row.price) if row.price is not None else None,
            asset=row.asset,
            amount=row.amount,
            account=names[row.account_id].name,
        )
        for row in ledger
    ]

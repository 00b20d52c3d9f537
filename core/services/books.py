"""Books from storage: what was read of accounts and what their ledgers say, as the P&L engine takes it.

The sidecar keeps the details of points (core/persistence/point_codec.py) and thins them without changing any total
(PNL.md section 14), so a long period is loaded with few points and closes as exactly as with all of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pandas as pd

from core.domain.ledger_kinds import FLOWS, KIND_OF
from core.domain.pnl import Book
from core.domain.points import DetailPoint, kept_points, midnights
from core.domain.types import ExchangeAccount, LedgerRow, Scope, SyncState
from core.ports import ClientIds, UnitOfWork
from core.services.book_links import LinkPair, find_links
from core.services.period_points import merged, period_points, points_near
from core.services.rates import rate_tables

FINE_SECONDS, COARSE_SECONDS, DAY_SECONDS = 300, 3600, 86_400
FINE_FOR, COARSE_FOR = timedelta(days=3), timedelta(days=100)
STALE_AFTER_SECONDS = 900.0
STALE_INTERVALS = 2.5
FEW_EDGES = 5
NO_SYMBOL = "(none)"
PAR = frozenset({"USD", "USDT", "USDC", "FDUSD"})


@dataclass(frozen=True, slots=True)
class Material:
    """What a book is made of, as it was read: points by account, thinned, the ledger's entries and what links say."""

    accounts: Sequence[ExchangeAccount] = ()
    points: Mapping[UUID, Sequence[DetailPoint]] = field(default_factory=dict)
    ledger: Sequence[LedgerRow] = ()
    states: Sequence[SyncState] = ()
    links: Sequence[LinkPair] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def book(self, time_zone: str, currency: str) -> Book:
        """Return the book of it."""
        return make_book(
            self.accounts, self.points, self.ledger,
            states=self.states, links=self.links, time_zone=time_zone, currency=currency, tables=self.tables,
        )  # fmt: skip


def load_book(  # noqa: PLR0913 - what a book is made for
    uow: UnitOfWork,
    scope: Scope | None,
    account_ids: Collection[UUID],
    since: datetime,
    until: datetime,
    *,
    time_zone: str = "UTC",
    currency: str = "USD",
    step_seconds: int | None = None,
) -> Book:
    """Return the book of these accounts for periods inside [since, until]; accounts outside the scope are left out.

    The last good reading of every wallet before `since` is in it, so that a period may begin there. `step_seconds` is
    how far apart points are where nothing asks for more (None: 5 min up to three days, 1 h up to 100 days, then 1 day);
    points of all accounts around flows and local midnights are always there, so that a deposit here is measured against
    the capital of that moment. A short period with a day between points costs little to read. The rates and prices of
    `currency` are those stored. `scope` None is the system itself.
    """
    material = load_material(
        uow, scope, account_ids, since, until, time_zone=time_zone, currency=currency, step_seconds=step_seconds
    )
    return material.book(time_zone, currency)


def load_material(  # noqa: PLR0913 - what a book is made for
    uow: UnitOfWork,
    scope: Scope | None,
    account_ids: Collection[UUID],
    since: datetime,
    until: datetime,
    *,
    time_zone: str = "UTC",
    currency: str = "USD",
    step_seconds: int | None = None,
) -> Material:
    """Return what `load_book` makes its book of, for the same arguments."""
    clients: ClientIds = None if scope is None else scope.client_ids
    wanted = set(account_ids)
    accounts = [account for account in uow.accounts.all(clients, with_removed=True) if account.id in wanted]
    ids = {account.id for account in accounts}
    if not ids:
        return Material()
    step = step_seconds or _step(until - since)
    edges = [since, *midnights(since, until, time_zone), until]
    points, sides = period_points(uow, clients, accounts, edges, few=step >= DAY_SECONDS and len(edges) <= FEW_EDGES)
    first = min((found[0].at for found in points.values() if found), default=since)
    kinds = KIND_OF.keys()
    ledger = uow.ledger.flows(ids, clients, since=first - timedelta(microseconds=1), until=until, kinds=kinds)
    owners = {account.user_id for account in accounts if account.id in ids}
    found = find_links(uow, owners, ids, since=first, until=until)
    for leg in found.earlier(first):  # what was sent before the book begins stays on its way in it
        points = merged(points, points_near(uow, clients, {leg.account_id}, [leg.booked_at]))
    ledger = found.with_legs(ledger)
    thinned = _thinned(points, ledger, step=step, boundaries=sorted({*edges[:-1], *sides}))
    states = uow.syncing.states(clients, account_ids=ids)
    tables = rate_tables(uow, currency, min([first, *(leg.booked_at for leg in found.legs)]), until)
    return Material(accounts, thinned, ledger, states, found.pairs, tables)


def make_book(  # noqa: PLR0913 - the tables of a book
    accounts: Sequence[ExchangeAccount],
    points: Mapping[UUID, Sequence[DetailPoint]],
    ledger: Iterable[LedgerRow],
    *,
    states: Iterable[SyncState] = (),
    links: Iterable[LinkPair] = (),
    time_zone: str = "UTC",
    currency: str = "USD",
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> Book:
    """Return the book of points and ledger rows; ledger ids are "account/wallet/dedupe key".

    `tables` are the rates and prices of the currency (`core.services.rates.rate_tables`).
    """
    snapshots, balances, positions = _point_rows(points)
    return Book(
        tz=time_zone,
        ccy=currency,
        cfg={"stale_after_s": stale_after(states).total_seconds()},
        accounts=pd.DataFrame(
            [(str(account.id), account.exchange, account.removed_at) for account in accounts],
            columns=["account", "exchange", "removed_at"],
        ),
        snapshots=pd.DataFrame(snapshots, columns=["ts", "account", "wallet", "ok"]),
        balances=pd.DataFrame(balances, columns=["ts", "account", "wallet", "asset", "amount", "price"]),
        positions=pd.DataFrame(positions, columns=POSITION_COLUMNS),
        ledger=pd.DataFrame([_entry(row) for row in ledger], columns=LEDGER_COLUMNS),
        links=pd.DataFrame(list(links), columns=["out", "in"], dtype=object),
        **(tables or {}),
    )


def stale_after(states: Iterable[SyncState]) -> timedelta:
    """Return the age beyond which a value of these accounts is carried (PNL.md section 13)."""
    interval = max((state.planned_interval_seconds for state in states), default=0)
    return timedelta(seconds=max(STALE_AFTER_SECONDS, STALE_INTERVALS * interval))


POSITION_COLUMNS = [
    "ts", "account", "wallet", "symbol", "base", "side", "qty", "contract", "multiplier", "entry", "mark", "upnl",
    "settle", "settle_price", "leverage", "liq", "mm",
]  # fmt: skip
LEDGER_COLUMNS = [
    "id", "ts", "account", "wallet", "kind", "asset", "amount", "price", "symbol", "side", "ref", "txid",
]  # fmt: skip


def _point_rows(points: Mapping[UUID, Sequence[DetailPoint]]) -> tuple[list[Any], list[Any], list[Any]]:
    snapshots, balances, positions = [], [], []
    for account_id, found in points.items():
        account = str(account_id)
        for point in found:
            for wallet in point.wallets:
                place = (point.at, account, wallet.wallet)
                snapshots.append((*place, wallet.ok))
                balances += [(*place, held.asset, float(held.amount), _float(held.price)) for held in wallet.assets]
                for leg in wallet.legs:
                    contract = "inverse" if leg.inverse else "linear"
                    base = leg.symbol.partition("/")[0] or None
                    numbers = (leg.entry, leg.mark, leg.upnl)
                    margins = (leg.settle_price, leg.leverage, leg.liq, leg.mm)
                    positions.append(
                        (*place, leg.symbol or NO_SYMBOL, base, leg.side, float(leg.qty), contract, 1.0)
                        + tuple(map(_float, numbers))
                        + (leg.settle, *map(_float, margins))
                    )
    return snapshots, balances, positions


def _entry(row: LedgerRow) -> tuple[Any, ...]:
    """Return a ledger row as the book has it; legs of a trade that no name joins are joined by their instant."""
    kind = KIND_OF[row.kind]
    price = None if kind == "trade" and not _is_quote(row) else _float(row.price)
    return (
        f"{row.account_id}/{row.wallet}/{row.dedupe_key}",
        row.booked_at,
        str(row.account_id),
        row.wallet,
        kind,
        row.asset,
        row.amount,
        price,
        row.symbol,
        None,
        trade_ref(row),
        row.txid,
    )


def trade_ref(row: LedgerRow) -> str | None:
    """Return what joins an entry to others: its own word, else the instant of a trade."""
    return row.ref or (row.booked_at.isoformat() if KIND_OF[row.kind] == "trade" else None)


def _is_quote(row: LedgerRow) -> bool:
    """Tell whether a leg of a trade is the one whose price counts: the quote side, without a symbol a par coin."""
    quote = (row.symbol or "").partition("/")[2].partition(":")[0]
    return row.asset == quote if quote else row.asset in PAR


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


# which points


def _step(length: timedelta) -> int:
    return FINE_SECONDS if length <= FINE_FOR else COARSE_SECONDS if length <= COARSE_FOR else DAY_SECONDS


def _thinned(
    points: Mapping[UUID, Sequence[DetailPoint]],
    ledger: Iterable[LedgerRow],
    *,
    step: int,
    boundaries: Sequence[datetime],
) -> dict[UUID, list[DetailPoint]]:
    flows: dict[UUID, dict[str, list[datetime]]] = {}
    for row in ledger:
        if row.kind in FLOWS:
            flows.setdefault(row.account_id, {}).setdefault(row.wallet, []).append(row.booked_at)
    return {
        account_id: kept_points(found, bucket_seconds=step, flows=flows.get(account_id, {}), boundaries=boundaries)
        for account_id, found in points.items()
    }

"""Books from storage: what was read of accounts and what their ledgers say, as the P&L engine takes it.

The sidecar keeps the details of points (core/persistence/point_codec.py) and thins them without changing any total
(PNL.md section 14), so a long period is loaded with few points and closes as exactly as with all of them.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pandas as pd

from core.domain.ledger_kinds import FLOWS, KIND_OF
from core.domain.pnl import Book
from core.domain.points import DetailPoint, kept_points, midnights
from core.domain.types import ExchangeAccount, LedgerRow, Scope, SyncState, WalletState
from core.ports import ClientIds, UnitOfWork
from core.services.book_links import LinkPair, find_links
from core.services.rates import rate_tables

FINE_SECONDS, COARSE_SECONDS, DAY_SECONDS = 300, 3600, 86_400
FINE_FOR, COARSE_FOR = timedelta(days=3), timedelta(days=100)
STALE_AFTER_SECONDS = 900.0
STALE_INTERVALS = 2.5
FIRST_LOOK_BACK = timedelta(hours=2)
FARTHER = 8
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
NO_SYMBOL = "(none)"
PAR = frozenset({"USD", "USDT", "USDC", "FDUSD"})


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
    points around flows and local midnights are always there. The rates and prices of `currency` are those stored.
    `scope` None is the system itself.
    """
    clients: ClientIds = None if scope is None else scope.client_ids
    wanted = set(account_ids)
    accounts = [account for account in uow.accounts.all(clients, with_removed=True) if account.id in wanted]
    ids = {account.id for account in accounts}
    if not ids:
        return Book(tz=time_zone, ccy=currency)
    points = _points(uow, clients, ids, since, until)
    first = min((found[0].at for found in points.values() if found), default=since)
    kinds = KIND_OF.keys()
    ledger = uow.ledger.flows(ids, clients, since=first - timedelta(microseconds=1), until=until, kinds=kinds)
    owners = {account.user_id for account in accounts if account.id in ids}
    found = find_links(uow, owners, ids, since=first, until=until)
    for leg in found.earlier(first):  # what was sent before the book begins stays on its way in it
        opening = _points(uow, clients, {leg.account_id}, leg.booked_at, leg.booked_at)[leg.account_id]
        known = {point.at: point for point in (*opening, *points[leg.account_id])}
        points[leg.account_id] = [known[at] for at in sorted(known)]
    ledger = found.with_legs(ledger)
    step = step_seconds or _step(until - since)
    thinned = _thinned(points, ledger, step=step, boundaries=midnights(since, until, time_zone), since=since)
    states = uow.syncing.states(clients, account_ids=ids)
    tables = rate_tables(uow, currency, min([first, *(leg.booked_at for leg in found.legs)]), until)
    return make_book(
        accounts, thinned, ledger,
        states=states, links=found.pairs, time_zone=time_zone, currency=currency, tables=tables,
    )  # fmt: skip


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
    interval = max((state.planned_interval_seconds for state in states), default=0)
    return Book(
        tz=time_zone,
        ccy=currency,
        cfg={"stale_after_s": max(STALE_AFTER_SECONDS, STALE_INTERVALS * interval)},
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
        row.ref or (row.booked_at.isoformat() if kind == "trade" else None),
        row.txid,
    )


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
    since: datetime,
) -> dict[UUID, list[DetailPoint]]:
    flows: dict[UUID, dict[str, list[datetime]]] = {}
    for row in ledger:
        if row.kind in FLOWS:
            flows.setdefault(row.account_id, {}).setdefault(row.wallet, []).append(row.booked_at)
    ends = sorted({since, *boundaries})
    return {
        account_id: kept_points(found, bucket_seconds=step, flows=flows.get(account_id, {}), boundaries=ends)
        for account_id, found in points.items()
    }


def _points(
    uow: UnitOfWork, clients: ClientIds, account_ids: Collection[UUID], since: datetime, until: datetime
) -> dict[UUID, list[DetailPoint]]:
    """Return the points from the last good one of each wallet at or before `since` on."""
    wallets = [wallet for wallet in uow.readings.wallets(account_ids, clients) if wallet.first_ok_at is not None]
    reach, back = FIRST_LOOK_BACK, since
    found: dict[UUID, list[DetailPoint]] = {account_id: [] for account_id in account_ids}
    missing = set(account_ids)
    while missing:
        back = max(EARLIEST, since - reach)
        found |= uow.history.points(missing, clients, since=back, until=until)
        missing = {wallet.account_id for wallet in wallets if not _is_known(wallet, found, since)}
        reach *= FARTHER
        if back == EARLIEST:
            break
    return {account_id: _from_opening(points, since) for account_id, points in found.items()}


def _is_known(wallet: WalletState, found: Mapping[UUID, Sequence[DetailPoint]], since: datetime) -> bool:
    """Tell whether the wallet's state at `since` is there, or it had none."""
    if wallet.first_ok_at is None or wallet.first_ok_at > since:
        return True
    return any(
        seen.ok and seen.wallet == wallet.wallet
        for point in reversed(found[wallet.account_id])
        if point.at <= since
        for seen in point.wallets
    )


def _from_opening(points: Sequence[DetailPoint], since: datetime) -> list[DetailPoint]:
    """Drop what is older than every wallet's last good point at or before `since`."""
    end = bisect_right(points, since, key=lambda point: point.at)
    openings: dict[str, int] = {}
    for n in range(end - 1, -1, -1):
        for wallet in points[n].wallets:
            if wallet.ok:
                openings.setdefault(wallet.wallet, n)
    kept = set(openings.values())
    return [point for n, point in enumerate(points) if n >= end or n in kept]

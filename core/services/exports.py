"""Rows for exports: balances, positions and equity as the screens show them, unrounded, for the CSV route.

One reading feeds page and file: the rows are those of the Overview, or the stored equity points, streamed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from core.domain.types import ExchangeAccount, Scope
from core.errors import NotFoundError
from core.ports import AuditEntry, Storage
from core.services import holdings
from core.services.access import clients_of, require_recent_login
from core.services.views import ALL, select_accounts

Cell = Decimal | float | int | str | bool | datetime | None
Kind = Literal["text", "amount", "money", "time", "flag"]
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its stable name and what its cells are."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Export:
    """One file to be written: columns, rows (an iterator, read once, in constant memory) and the instant it shows."""

    dataset: str
    columns: tuple[Column, ...]
    rows: Iterator[Sequence[Cell]]
    as_of: datetime
    filename: str
    client_id: UUID


BALANCES = (
    Column("account", "text"),
    Column("exchange", "text"),
    Column("wallet", "text"),
    Column("asset", "text"),
    Column("free", "amount"),
    Column("locked", "amount"),
    Column("total", "amount"),
    Column("debt", "amount"),
    Column("price_usd", "amount"),
    Column("value_usd", "money"),
    Column("as_of", "time"),
    Column("carried", "flag"),
)
POSITIONS = (
    Column("account", "text"),
    Column("exchange", "text"),
    Column("symbol", "text"),
    Column("side", "text"),
    Column("size_base", "amount"),
    Column("entry_price", "amount"),
    Column("mark_price", "amount"),
    Column("unrealized_pnl", "amount"),
    Column("settle_asset", "text"),
    Column("unrealized_usd", "money"),
    Column("notional_usd", "money"),
    Column("leverage", "amount"),
    Column("margin_mode", "text"),
    Column("liquidation_price", "amount"),
    Column("liquidation_distance", "amount"),
    Column("as_of", "time"),
    Column("carried", "flag"),
)
EQUITY = (
    Column("at", "time"),
    Column("account", "text"),
    Column("exchange", "text"),
    Column("equity_usd", "money"),
    Column("unrealized_usd", "money"),
    Column("complete", "flag"),
)


def open_export(
    storage: Storage,
    scope: Scope,
    *,
    dataset: str,
    client_id: UUID,
    view: str = ALL,
    since: datetime,
    now: datetime,
) -> Export:
    """Return the rows of one dataset (balances, positions or equity) for the accounts that a view shows.

    Raises:
        StepUpRequiredError: the login is older than ten minutes.
        NotFoundError: the client, the account or the dataset is unknown or outside the scope.
    """
    require_recent_login(scope, now)
    clients_of(scope, client_id)
    writers: dict[str, Callable[..., Iterator[Sequence[Cell]]]] = {
        "balances": _balances,
        "positions": _positions,
        "equity": _equity,
    }
    columns = {"balances": BALANCES, "positions": POSITIONS, "equity": EQUITY}
    if dataset not in writers:
        raise NotFoundError("dataset")
    with storage.begin(scope, write=False) as uow:
        accounts = select_accounts(uow.accounts.all({client_id}, with_removed=True), view)
    rows = writers[dataset](storage, scope, accounts, client_id, since, now)
    filename = f"{dataset}-{now:%Y%m%dT%H%M%SZ}.csv"
    return Export(dataset, columns[dataset], rows, now, filename, client_id)


def record_export(
    storage: Storage, scope: Scope, export: Export, *, sha256: str, row_count: int, dialect: str, now: datetime
) -> None:
    """Append who took which file out, with its SHA-256, to the audit log."""
    with storage.begin(scope) as uow:
        uow.audit.append(
            AuditEntry(
                at=now,
                actor_id=scope.user_id,
                action="export.taken",
                object_type="export",
                object_id=export.filename,
                client_id=export.client_id,
                ip=scope.ip,
                details={
                    "dataset": export.dataset,
                    "dialect": dialect,
                    "rows": str(row_count),
                    "sha256": sha256,
                    "schema": str(SCHEMA_VERSION),
                },
            )
        )


def _balances(
    storage: Storage, scope: Scope, accounts: Sequence[ExchangeAccount], client_id: UUID, *_: datetime
) -> Iterator[Sequence[Cell]]:
    names = {account.id: account for account in accounts if account.removed_at is None}
    with storage.begin(scope, write=False) as uow:
        balances = uow.readings.balances(list(names), {client_id})
        wallets = uow.readings.wallets(list(names), {client_id})
    for row in holdings.balance_rows(balances, names, wallets):
        yield (
            row.account,
            row.exchange,
            row.wallet,
            row.asset,
            row.free,
            row.locked,
            row.total,
            row.debt,
            row.price,
            row.value,
            row.as_of,
            row.carried,
        )


def _positions(
    storage: Storage, scope: Scope, accounts: Sequence[ExchangeAccount], client_id: UUID, *_: datetime
) -> Iterator[Sequence[Cell]]:
    names = {account.id: account for account in accounts if account.removed_at is None}
    with storage.begin(scope, write=False) as uow:
        positions = uow.readings.positions(list(names), {client_id})
        wallets = uow.readings.wallets(list(names), {client_id})
    for row in holdings.position_rows(positions, names, wallets):
        held = row.position
        yield (
            row.account,
            row.exchange,
            held.symbol,
            held.side,
            held.size_base,
            held.entry_price,
            held.mark_price,
            held.unrealized_pnl,
            held.settle_asset,
            held.unrealized_usd,
            held.notional_usd,
            held.leverage,
            held.margin_mode,
            held.liquidation_price,
            row.distance,
            held.as_of,
            row.carried,
        )


def _equity(
    storage: Storage,
    scope: Scope,
    accounts: Sequence[ExchangeAccount],
    client_id: UUID,
    since: datetime,
    now: datetime,
) -> Iterator[Sequence[Cell]]:
    names = {account.id: account for account in accounts}
    with storage.begin(scope, write=False) as uow:
        for point in uow.readings.iter_points(list(names), {client_id}, since=since, until=now):
            account = names[point.account_id]
            yield point.at, account.name, account.exchange, point.equity, point.unrealized_pnl, point.complete

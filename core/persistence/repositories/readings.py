"""Latest state and history of accounts; one reading is stored whole in the transaction of its caller."""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Delete, and_, bindparam, case, delete, or_, select, update
from sqlalchemy.dialects import sqlite

from core.domain.types import EquityPoint, HeldBalance, LedgerRow, OpenPosition, WalletState
from core.persistence.direct import Make, run_direct
from core.persistence.models import BalanceRow, PositionRow, SyncStateRow, WalletStateRow
from core.persistence.repositories.base import EVERY_CLIENT, Query, Rows, insert_into, plain, row_of
from core.persistence.repositories.equity import EquityRepository
from core.persistence.repositories.history import HistoryRepository
from core.persistence.repositories.ledger import LedgerRepository
from core.persistence.repositories.syncing import FIRST_INTERVAL_SECONDS, first_state
from core.persistence.types import EPOCH
from core.ports import ClientIds, StoredReading

WALLET_COLUMNS = plain(*(getattr(WalletStateRow, name) for name in WalletState.__dataclass_fields__))
BALANCE_COLUMNS = plain(*(getattr(BalanceRow, name) for name in HeldBalance.__dataclass_fields__))
Items = type[BalanceRow] | type[PositionRow]
Latest = type[WalletStateRow] | Items
POSITION_COLUMNS = plain(*(getattr(PositionRow, name) for name in OpenPosition.__dataclass_fields__))
COLUMNS: dict[Latest, tuple[Column[Any], ...]] = {
    WalletStateRow: WALLET_COLUMNS,
    BalanceRow: BALANCE_COLUMNS,
    PositionRow: POSITION_COLUMNS,
}
ACCOUNTS, CLIENTS = "accounts", "clients"  # parameters


class ReadingRepository(EquityRepository):
    """Implements `core.ports.Readings`."""

    def store(self, reading: StoredReading) -> None:
        """Store everything one slot read; storing it again changes nothing but the data version.

        Raises:
            ConflictError: the account is not of that client.
            NotFoundError: the client is outside the scope.
        """
        self._require_own(reading.client_id)
        self._raise_version(reading)
        self._save_wallets(reading.wallets)
        self._replace(BalanceRow, reading, reading.balances)
        self._replace(PositionRow, reading, reading.positions)
        self._save_point(_point(reading))
        if reading.details is not None:
            HistoryRepository(self._connection, self._allowed).save(reading, reading.details)
        LedgerRepository(self._connection, self._allowed).add(reading.ledger)

    def wallets(self, account_ids: Collection[UUID], client_ids: ClientIds) -> list[WalletState]:
        """Return the wallets of these accounts by account and name."""
        return [to_wallet(row) for row in self._latest(WalletStateRow, account_ids, client_ids)]

    def balances(self, account_ids: Collection[UUID], client_ids: ClientIds) -> list[HeldBalance]:
        """Return the balances of these accounts by account and wallet, in the exchange's order."""
        return [HeldBalance(*row) for row in self._latest(BalanceRow, account_ids, client_ids)]

    def positions(self, account_ids: Collection[UUID], client_ids: ClientIds) -> list[OpenPosition]:
        """Return the open positions of these accounts by account and wallet, in the exchange's order."""
        return [OpenPosition(*row) for row in self._latest(PositionRow, account_ids, client_ids)]

    def add_history(
        self, points: Iterable[EquityPoint], ledger: Iterable[LedgerRow], starts: Iterable[WalletState] = ()
    ) -> None:
        """Store points and ledger rows of the past; what is there already stays or is extended.

        `starts` move the first good reading of stored wallets back to where their history begins.

        Raises:
            ConflictError: an account is not of the client named beside it.
            NotFoundError: a client is outside the scope.
        """
        history = list(points)
        for client_id in {point.client_id for point in history}:
            self._require_own(client_id)
        self._save_points(history)
        LedgerRepository(self._connection, self._allowed).add(ledger)
        for start in starts:
            self._move_start(start)

    def _latest(self, model: Latest, account_ids: Collection[UUID], client_ids: ClientIds) -> Rows:
        wanted = self._narrow(client_ids)
        parameters = {ACCOUNTS: sorted(account_ids)} | ({} if wanted is None else {CLIENTS: sorted(wanted)})
        return self.run(_latest_statement(model, every_client=wanted is None), parameters)

    def _raise_version(self, reading: StoredReading) -> None:
        first = first_state(reading.account_id, reading.client_id, reading.at, FIRST_INTERVAL_SECONDS)
        run_direct(self._connection, _version_upsert, [first])

    def _save_wallets(self, wallets: Sequence[WalletState]) -> None:
        """Write wallets; what a wallet showed at its first good reading is written once."""
        run_direct(self._connection, _wallet_upsert, [_wallet_row(wallet) for wallet in wallets])

    def _move_start(self, start: WalletState) -> None:
        self._require_own(start.client_id)
        wallet = and_(
            WalletStateRow.account_id == start.account_id,
            WalletStateRow.client_id == start.client_id,
            WalletStateRow.wallet == start.wallet,
        )
        later = or_(WalletStateRow.first_ok_at.is_(None), WalletStateRow.first_ok_at > start.first_ok_at)
        begin = {"first_ok_at": start.first_ok_at, "first_equity": start.first_equity}
        self.run(update(WalletStateRow).where(wallet, later).values(begin))

    def _replace(self, model: Items, reading: StoredReading, items: Sequence[HeldBalance | OpenPosition]) -> None:
        """Put the items of freshly read wallets in the place of the stored ones; other wallets stay.

        A row is written over in its place, and not at all where nothing of it is new.
        """
        counts = dict.fromkeys(sorted(reading.fresh_wallets), 0)
        rows = []
        for item in items:
            if item.wallet in counts:
                rows.append({**row_of(item), "ordinal": counts[item.wallet]})
                counts[item.wallet] += 1
        run_direct(self._connection, ITEM_UPSERTS[model], rows)
        mine = {"account": reading.account_id, "client": reading.client_id}
        surplus = [{**mine, "wallet_name": wallet, "count": count} for wallet, count in counts.items()]
        run_direct(self._connection, SURPLUS_DELETES[model], surplus)


@lru_cache(maxsize=len(COLUMNS) * 2)
def _latest_statement(model: Latest, *, every_client: bool) -> Query:
    """Return the query of latest rows; it is made once, for making it costs more than running it."""
    statement = select(*COLUMNS[model]).where(model.account_id.in_(bindparam(ACCOUNTS, expanding=True)))
    if every_client:
        statement = statement.prefix_with(EVERY_CLIENT)
    else:
        statement = statement.where(model.client_id.in_(bindparam(CLIENTS, expanding=True)))
    ordinal = () if model is WalletStateRow else (model.__table__.c.ordinal,)
    return statement.order_by(model.account_id, model.wallet, *ordinal)


def _version_upsert(is_sqlite: bool) -> sqlite.Insert:
    nobody = UUID(int=0)
    names = first_state(nobody, nobody, EPOCH, FIRST_INTERVAL_SECONDS)
    insert = insert_into(SyncStateRow, is_sqlite).values(
        {name: bindparam(name) for name in names} | {"data_version": 1}
    )
    return insert.on_conflict_do_update(
        index_elements=["account_id"],
        set_={"data_version": SyncStateRow.data_version + 1},
        where=SyncStateRow.client_id == insert.excluded.client_id,
    )


def _item_upsert(model: Items, is_sqlite: bool) -> sqlite.Insert:
    table = model.__table__
    insert = insert_into(model, is_sqlite).values({column.key: bindparam(column.key) for column in table.columns})
    changed = {column.key: insert.excluded[column.key] for column in table.columns if not column.primary_key}
    is_new = (table.c[name].is_distinct_from(value) for name, value in sorted(changed.items()))  # as_of among the first
    return insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed, where=or_(*is_new))


def _surplus_delete(model: Items, _is_sqlite: bool) -> Delete:
    own = and_(model.account_id == bindparam("account"), model.client_id == bindparam("client"))
    return delete(model).where(own, model.wallet == bindparam("wallet_name"), model.ordinal >= bindparam("count"))


ITEM_UPSERTS: dict[Items, Make] = {model: partial(_item_upsert, model) for model in (BalanceRow, PositionRow)}
SURPLUS_DELETES: dict[Items, Make] = {model: partial(_surplus_delete, model) for model in (BalanceRow, PositionRow)}


def _wallet_upsert(is_sqlite: bool) -> sqlite.Insert:
    columns: dict[str, Any] = {column.key: bindparam(column.key) for column in WALLET_COLUMNS}
    statement = insert_into(WalletStateRow, is_sqlite).values(columns)
    new = statement.excluded
    keys = ("account_id", "wallet")
    changed: dict[str, Any] = {column.key: new[column.key] for column in WALLET_COLUMNS if column.key not in keys}
    for name in ("first_ok_at", "first_equity"):
        is_first = WalletStateRow.first_ok_at.is_(None)
        changed[name] = case((is_first, new[name]), else_=getattr(WalletStateRow, name))
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def to_wallet(row: Sequence[Any]) -> WalletState:
    """Make a wallet state from WALLET_COLUMNS."""
    values = dict(zip(WalletState.__dataclass_fields__, row, strict=True))
    return WalletState(**{**values, "unpriced": tuple(values["unpriced"])})


def _wallet_row(wallet: WalletState) -> dict[str, Any]:
    row = {**row_of(wallet), "unpriced": list(wallet.unpriced)}
    if wallet.ok and wallet.first_ok_at is None:
        row |= {"first_ok_at": wallet.as_of or wallet.attempted_at, "first_equity": wallet.equity}
    return row


def _point(reading: StoredReading) -> EquityPoint:
    return EquityPoint(
        account_id=reading.account_id,
        client_id=reading.client_id,
        at=reading.at,
        equity=reading.equity,
        unrealized_pnl=reading.unrealized_pnl,
        complete=reading.complete,
        open=reading.equity,
        high=reading.equity,
        low=reading.equity,
    )

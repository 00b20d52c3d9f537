"""Ledger rows: unique by (account, wallet, dedupe_key); storing one again changes nothing."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.domain.types import LedgerRow
from core.persistence.models import LedgerEntryRow
from core.persistence.repositories.base import Repository, plain, row_of
from core.ports import ClientIds

KEYS_AT_ONCE = 500
LEDGER_COLUMNS = plain(
    LedgerEntryRow.account_id,
    LedgerEntryRow.client_id,
    LedgerEntryRow.wallet,
    LedgerEntryRow.dedupe_key,
    LedgerEntryRow.native_id,
    LedgerEntryRow.kind,
    LedgerEntryRow.asset,
    LedgerEntryRow.amount,
    LedgerEntryRow.booked_at,
    LedgerEntryRow.price,
    LedgerEntryRow.symbol,
    LedgerEntryRow.txid,
    LedgerEntryRow.ref,
    LedgerEntryRow.venue_type,
    LedgerEntryRow.internal,
)


class LedgerRepository(Repository):
    """Implements `core.ports.Ledger`."""

    def add(self, rows: Iterable[LedgerRow]) -> int:
        """Store rows and return how many were new.

        Raises:
            ConflictError: an account is not of the client named beside it.
            NotFoundError: a client is outside the scope.
        """
        values: list[dict[str, Any]] = []
        for row in rows:
            self._require_own(row.client_id)
            values.append(row_of(row))
        if not values:
            return 0
        insert = self._insert(LedgerEntryRow)
        keys = ["account_id", "wallet", "dedupe_key"]
        statement = insert.on_conflict_do_nothing(index_elements=keys).execution_options(preserve_rowcount=True)
        return self.run(statement, values).rowcount

    def unknown(self, rows: Iterable[LedgerRow]) -> list[LedgerRow]:
        """Return those of these rows that are not stored yet."""
        given = list(rows)
        known: set[tuple[Any, ...]] = set()
        for start in range(0, len(given), KEYS_AT_ONCE):
            some = given[start : start + KEYS_AT_ONCE]
            columns = (LedgerEntryRow.account_id, LedgerEntryRow.wallet, LedgerEntryRow.dedupe_key)
            clients = {row.client_id for row in some}
            statement = self._scoped(select(*columns), LedgerEntryRow.client_id, clients).where(
                LedgerEntryRow.account_id.in_(sorted({row.account_id for row in some})),
                LedgerEntryRow.dedupe_key.in_(sorted({row.dedupe_key for row in some})),
            )
            known |= {tuple(row) for row in self.run(statement)}
        return [row for row in given if (row.account_id, row.wallet, row.dedupe_key) not in known]

    def flows(
        self,
        account_ids: Collection[UUID],
        client_ids: ClientIds,
        *,
        since: datetime,
        until: datetime,
        kinds: Collection[str],
    ) -> list[LedgerRow]:
        """Return the rows of these kinds with since < booked_at <= until, the oldest first."""
        statement = self._scoped(select(*LEDGER_COLUMNS), LedgerEntryRow.client_id, client_ids).where(
            LedgerEntryRow.account_id.in_(sorted(account_ids)),
            LedgerEntryRow.booked_at > since,
            LedgerEntryRow.booked_at <= until,
            LedgerEntryRow.kind.in_(sorted(kinds)),
        )
        order = (LedgerEntryRow.booked_at, LedgerEntryRow.account_id, LedgerEntryRow.wallet, LedgerEntryRow.dedupe_key)
        return [LedgerRow(*row) for row in self.run(statement.order_by(*order))]

"""Ledger rows: unique by (account, wallet, dedupe_key); storing one again changes nothing."""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.domain.types import LedgerRow
from core.persistence.models import LedgerEntryRow
from core.persistence.repositories.base import Repository
from core.ports import ClientIds

LEDGER_COLUMNS = (
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
            values.append(asdict(row))
        if not values:
            return 0
        insert = self._insert(LedgerEntryRow)
        keys = ["account_id", "wallet", "dedupe_key"]
        statement = insert.on_conflict_do_nothing(index_elements=keys).execution_options(preserve_rowcount=True)
        return self.run(statement, values).rowcount

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

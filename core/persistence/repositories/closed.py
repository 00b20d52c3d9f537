"""Closed positions: unique by (account, native id, instant); storing one again changes nothing."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from core.domain.closed import ClosedRow
from core.persistence.bulk import insert_rows
from core.persistence.models import ClosedPositionRow
from core.persistence.repositories.base import Repository, plain, row_of
from core.ports import ClientIds

CLOSED_COLUMNS = plain(*(getattr(ClosedPositionRow, name) for name in ClosedRow.__dataclass_fields__))
ORDER = plain(ClosedPositionRow.closed_at, ClosedPositionRow.account_id, ClosedPositionRow.native_id)


class ClosedPositionRepository(Repository):
    """Implements `core.ports.ClosedPositions`."""

    def add(self, rows: Iterable[ClosedRow]) -> int:
        """Store rows and return how many were new.

        Raises:
            ConflictError: an account is not of the client named beside it.
            NotFoundError: a client is outside the scope.
        """
        values: list[dict[str, Any]] = []
        for row in rows:
            self._require_own(row.client_id)
            values.append(row_of(row))
        return insert_rows(self._connection, ClosedPositionRow, _keep_stored, values)

    def between(
        self, account_ids: Collection[UUID], client_ids: ClientIds, *, since: datetime, until: datetime
    ) -> list[ClosedRow]:
        """Return what was closed with since <= closed_at < until, the oldest first."""
        statement = self._scoped(select(*CLOSED_COLUMNS), ClosedPositionRow.client_id, client_ids).where(
            ClosedPositionRow.account_id.in_(sorted(account_ids)),
            ClosedPositionRow.closed_at >= since,
            ClosedPositionRow.closed_at < until,
        )
        return [ClosedRow(*row) for row in self.run(statement.order_by(*ORDER))]


def _keep_stored(insert: sqlite.Insert) -> sqlite.Insert:
    return insert.on_conflict_do_nothing(index_elements=["account_id", "native_id", "closed_at"])

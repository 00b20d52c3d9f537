"""What is remarkable about the figures of accounts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.domain.marks import Mark, MarkKind
from core.persistence.models import MarkRow
from core.persistence.repositories.base import Repository
from core.ports import ClientIds

MARK_COLUMNS = tuple(getattr(MarkRow, name) for name in Mark.__dataclass_fields__)


class MarkRepository(Repository):
    """Implements `core.ports.Marks`."""

    def add(self, marks: Iterable[Mark]) -> None:
        """Store marks; one that is there already is noted anew.

        Raises:
            ConflictError: an account is not of the client named beside it.
            NotFoundError: a client is outside the scope.
        """
        rows = []
        for mark in marks:
            self._require_own(mark.client_id)
            rows.append({**asdict(mark), "kind": mark.kind.value})
        self._upsert(MarkRow, rows)

    def find(
        self,
        account_ids: Collection[UUID],
        client_ids: ClientIds,
        *,
        kinds: Collection[MarkKind],
        noted_since: datetime,
    ) -> list[Mark]:
        """Return the marks of these kinds noted at that instant or later, by account and `at`, ascending."""
        statement = self._scoped(select(*MARK_COLUMNS), MarkRow.client_id, client_ids).where(
            MarkRow.account_id.in_(sorted(account_ids)),
            MarkRow.kind.in_(sorted(kind.value for kind in kinds)),
            MarkRow.noted_at >= noted_since,
        )
        rows = self.run(statement.order_by(MarkRow.account_id, MarkRow.at, MarkRow.kind))
        return [to_mark(row) for row in rows]


def to_mark(row: Sequence[Any]) -> Mark:
    """Make a mark from MARK_COLUMNS."""
    return Mark(row[0], row[1], MarkKind(row[2]), *row[3:])

"""Results by local day, written by the sidecar and read by pages."""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import date

from sqlalchemy import select

from core.domain.day_result import DayResult
from core.persistence.models import DayResultRow
from core.persistence.repositories.base import Repository
from core.ports import ClientIds

DAY_COLUMNS = tuple(getattr(DayResultRow, name) for name in DayResult.__dataclass_fields__)


class DayRepository(Repository):
    """Implements `core.ports.Days`."""

    def save(self, rows: Iterable[DayResult]) -> None:
        """Store results in place of earlier ones of the same scope, day and currency.

        Raises:
            ConflictError: an account is not of the client named beside it.
            NotFoundError: a client is outside the scope.
        """
        values = []
        for row in rows:
            self._require_own(row.client_id)
            values.append(asdict(row))
        self._upsert(DayResultRow, values)

    def find(
        self, client_ids: ClientIds, scopes: Collection[str], *, since: date, until: date, currency: str
    ) -> list[DayResult]:
        """Return the rows of these scopes with since <= day <= until, by scope and day."""
        statement = self._scoped(select(*DAY_COLUMNS), DayResultRow.client_id, client_ids).where(
            DayResultRow.scope.in_(sorted(scopes)),
            DayResultRow.day >= since,
            DayResultRow.day <= until,
            DayResultRow.currency == currency,
        )
        ordered = statement.order_by(DayResultRow.scope, DayResultRow.day, DayResultRow.client_id)
        return [DayResult(*row) for row in self.run(ordered)]

"""Results by local day, written by the sidecar and read by pages."""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select

from core.domain.currencies import FX_MAX_AGE_SECONDS, RateBatch
from core.domain.day_result import DayResult
from core.persistence.models import DayResultRow
from core.persistence.repositories.base import EVERY_CLIENT, Repository
from core.ports import ClientIds

DAY_COLUMNS = tuple(getattr(DayResultRow, name) for name in DayResult.__dataclass_fields__)


class DayRepository(Repository):
    """Implements `core.ports.Days`."""

    def save(self, rows: Iterable[DayResult]) -> None:
        """Store results in place of earlier ones of the same scope, day and currency; of two the later computed.

        Raises:
            ConflictError: an account is not of the client named beside it.
            NotFoundError: a client is outside the scope.
        """
        values = []
        for row in rows:
            self._require_own(row.client_id)
            values.append(asdict(row))
        self._upsert(DayResultRow, values, newer="computed_at")

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

    def spans(self, client_id: UUID, currency: str) -> dict[str, tuple[date, date]]:
        """Return the first and the last day stored of each scope of a client."""
        self._require_own(client_id)
        statement = (
            select(DayResultRow.scope, func.min(DayResultRow.day), func.max(DayResultRow.day))
            .where(DayResultRow.client_id == client_id, DayResultRow.currency == currency)
            .group_by(DayResultRow.scope)
        )
        return {scope: (first, last) for scope, first, last in self.run(statement)}

    def made_before(self, client_id: UUID, currency: str, rates: Collection[RateBatch]) -> list[DayResult]:
        """Return a client's results made before a rate that counts in their day, or is carried into it, was learnt."""
        self._require_own(client_id)
        if not rates:
            return []
        row, age = DayResultRow, timedelta(seconds=FX_MAX_AGE_SECONDS)
        lacking = [
            and_(row.computed_at < one.read_at, row.ends_at >= one.first, row.begins_at <= one.last + age)
            for one in rates
        ]
        mine = (row.client_id == client_id, row.currency == currency)
        found = self.run(select(*DAY_COLUMNS).where(*mine, or_(*lacking)).order_by(row.scope, row.day))
        return [DayResult(*values) for values in found]

    def forget(self, currencies: Collection[str]) -> None:
        """Delete the results in these currencies, for all clients: they are to be computed anew."""
        self.run(delete(DayResultRow).prefix_with(EVERY_CLIENT).where(DayResultRow.currency.in_(sorted(currencies))))

"""Exchange rates with their source and time, and in which currencies clients read their results."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from core.domain.currencies import RateBatch, StoredRate
from core.persistence.models import ClientCurrencyRow, FxRateRow
from core.persistence.repositories.base import EVERY_CLIENT, Repository, row_of
from core.ports import ClientIds

COLUMNS = tuple(getattr(FxRateRow, name) for name in StoredRate.__dataclass_fields__)


class FxRepository(Repository):
    """Implements `core.ports.Fx`."""

    def save(self, rates: Iterable[StoredRate]) -> int:
        """Store rates and return how many are new; one that is there already stays, for figures were made with it."""
        rows = [row_of(rate) for rate in rates]
        return self.run(self._insert(FxRateRow).on_conflict_do_nothing(), rows).rowcount if rows else 0

    def series(self, currency: str, source: str, *, since: datetime, until: datetime) -> list[StoredRate]:
        """Return the rates with since <= at <= until, ascending."""
        statement = select(*COLUMNS).where(
            FxRateRow.currency == currency, FxRateRow.source == source, FxRateRow.at.between(since, until)
        )
        return [StoredRate(*row) for row in self.run(statement.order_by(FxRateRow.at))]

    def newest(self, source: str) -> datetime | None:
        """Return the time of a source's newest rate, None where it has none."""
        at: datetime | None = self.run(select(func.max(FxRateRow.at)).where(FxRateRow.source == source)).scalar()
        return at

    def batches(self, currency: str, source: str, *, read_since: datetime) -> list[RateBatch]:
        """Return the readings since an instant that brought new rates, ascending."""
        row = FxRateRow
        columns = (row.read_at, func.min(row.at), func.max(row.at))
        mine = (row.currency == currency, row.source == source, row.read_at >= read_since)
        found = self.run(select(*columns).where(*mine).group_by(row.read_at).order_by(row.read_at))
        return [RateBatch(*batch) for batch in found]

    def newest_want(self) -> datetime | None:
        """Return when a client last chose a currency that was new to it."""
        newest = select(func.max(ClientCurrencyRow.wanted_at)).prefix_with(EVERY_CLIENT)
        at: datetime | None = self.run(newest).scalar()
        return at

    def want(self, client_id: UUID, currency: str, now: datetime) -> bool:
        """Note that a client's results are read in a currency; tell whether that is new."""
        self._require_own(client_id)
        row = {"client_id": client_id, "currency": currency, "wanted_at": now}
        return self.run(self._insert(ClientCurrencyRow).on_conflict_do_nothing(), [row]).rowcount > 0

    def wanted(self, client_ids: ClientIds) -> dict[UUID, dict[str, datetime]]:
        """Return the currencies noted for clients, with when each was."""
        columns = (ClientCurrencyRow.client_id, ClientCurrencyRow.currency, ClientCurrencyRow.wanted_at)
        found: dict[UUID, dict[str, datetime]] = {}
        for client_id, currency, at in self.run(
            self._scoped(select(*columns), ClientCurrencyRow.client_id, client_ids)
        ):
            found.setdefault(client_id, {})[currency] = at
        return found

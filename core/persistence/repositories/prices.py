"""Latest USD prices per exchange."""

from collections.abc import Iterable

from sqlalchemy import select

from core.domain.types import PriceQuote
from core.persistence.models import PriceRow
from core.persistence.repositories.base import Repository, row_of


class PriceRepository(Repository):
    """Implements `core.ports.Prices`."""

    def save(self, quotes: Iterable[PriceQuote]) -> None:
        """Store prices; an older one never replaces a newer one."""
        self._upsert(PriceRow, [row_of(quote) for quote in quotes], newer="as_of")

    def latest(self, exchange: str | None = None) -> list[PriceQuote]:
        """Return the latest prices by exchange and asset."""
        columns = (PriceRow.exchange, PriceRow.asset, PriceRow.price, PriceRow.as_of, PriceRow.path)
        statement = select(*columns).order_by(PriceRow.exchange, PriceRow.asset)
        if exchange is not None:
            statement = statement.where(PriceRow.exchange == exchange)
        return [PriceQuote(*row) for row in self.run(statement)]

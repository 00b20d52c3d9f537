"""Repositories beside the readings: what is remarkable about them, and prices of the past."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from core.domain.marks import Mark, MarkKind, PricePoint
from core.ports.records import ClientIds

Wanted = tuple[str, datetime]


class Marks(Protocol):
    """Remarks on the figures of accounts, one per account, kind and instant."""

    def add(self, marks: Iterable[Mark]) -> None:
        """Store marks; one that is there already is noted anew."""
        ...

    def find(
        self,
        account_ids: Collection[UUID],
        client_ids: ClientIds,
        *,
        kinds: Collection[MarkKind],
        noted_since: datetime,
    ) -> list[Mark]:
        """Return the marks of these kinds noted at that instant or later, by account and `at`, ascending."""
        ...


class PriceHistory(Protocol):
    """Prices of the past: five-minute steps, daily ones for ever."""

    def save(self, points: Iterable[PricePoint]) -> None:
        """Store prices; of those in one step the first stays."""
        ...

    def prices_at(
        self, exchange: str, wanted: Collection[Wanted], *, max_age_seconds: float
    ) -> Mapping[Wanted, Decimal]:
        """Return the last price at or before each (asset, instant), not older than that; the exchange's own first."""
        ...

    def series(self, assets: Collection[str], *, since: datetime, until: datetime) -> list[PricePoint]:
        """Return the prices with since <= at <= until, the finest there are, by asset and time."""
        ...

    def thin(self, now: datetime) -> int:
        """Drop five-minute steps that have had their time, and daily ones of assets nobody has; return how many."""
        ...

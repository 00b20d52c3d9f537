"""Repositories beside the readings: what is remarkable about them, and prices of the past."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from core.domain.currencies import RateBatch, StoredRate
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

    def series(
        self, assets: Collection[str], *, since: datetime, until: datetime, step_seconds: int = 0
    ) -> list[PricePoint]:
        """Return the prices with since <= at <= until, the finest there are from that step on, by asset and time."""
        ...

    def thin(self, now: datetime) -> int:
        """Drop five-minute steps that have had their time, and daily ones of assets nobody has; return how many."""
        ...


class Fx(Protocol):
    """Exchange rates of reporting currencies, and in which of them clients read their results."""

    def save(self, rates: Iterable[StoredRate]) -> int:
        """Store rates and return how many are new; one that is there already stays, for figures were made with it."""
        ...

    def series(self, currency: str, source: str, *, since: datetime, until: datetime) -> list[StoredRate]:
        """Return the rates with since <= at <= until, ascending."""
        ...

    def newest(self, source: str) -> datetime | None:
        """Return the time of a source's newest rate, None where it has none."""
        ...

    def batches(self, currency: str, source: str, *, read_since: datetime) -> list[RateBatch]:
        """Return the readings since an instant that brought new rates, ascending."""
        ...

    def newest_want(self) -> datetime | None:
        """Return when a client last chose a currency that was new to it."""
        ...

    def want(self, client_id: UUID, currency: str, now: datetime) -> bool:
        """Note that a client's results are read in a currency; tell whether that is new."""
        ...

    def wanted(self, client_ids: ClientIds) -> dict[UUID, dict[str, datetime]]:
        """Return the currencies noted for clients, with when each was."""
        ...

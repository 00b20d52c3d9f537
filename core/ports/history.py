"""Repositories of the past in detail: points with everything that was held, and results by local day."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from core.domain.currencies import RateBatch
from core.domain.day_result import DayResult
from core.domain.points import DetailPoint
from core.domain.types import ExchangeAccount
from core.ports.records import ClientIds

Keep = Callable[[Sequence[DetailPoint]], list[DetailPoint]]


class History(Protocol):
    """Kept points of accounts with the details of every wallet."""

    def points(
        self, account_ids: Collection[UUID], client_ids: ClientIds, *, since: datetime, until: datetime
    ) -> dict[UUID, list[DetailPoint]]:
        """Return the points with since <= at <= until by account, ascending."""
        ...

    def add(self, account: ExchangeAccount, points: Iterable[DetailPoint]) -> None:
        """Store points of the past, five minutes apart or more, beside what is there."""
        ...

    def pack(self, account: ExchangeAccount, *, before: datetime, limit: int) -> int:
        """Put slots before an instant into packs of an hour; return how many packs were written (at most `limit`)."""
        ...

    def coarsen(self, account: ExchangeAccount, *, bucket_seconds: int, before: datetime, keep: Keep) -> int:
        """Thin the oldest stretch of this size that ends before an instant; return how many of its points were read."""
        ...


class Days(Protocol):
    """Results by local day."""

    def save(self, rows: Iterable[DayResult]) -> None:
        """Store results in place of earlier ones of the same scope, day and currency; of two the later computed."""
        ...

    def find(
        self, client_ids: ClientIds, scopes: Collection[str], *, since: date, until: date, currency: str
    ) -> list[DayResult]:
        """Return the rows of these scopes with since <= day <= until, by scope and day."""
        ...

    def spans(self, client_id: UUID, currency: str) -> dict[str, tuple[date, date]]:
        """Return the first and the last day stored of each scope of a client."""
        ...

    def made_before(self, client_id: UUID, currency: str, rates: Collection[RateBatch]) -> list[DayResult]:
        """Return a client's results made before a rate that counts in their day, or is carried into it, was learnt."""
        ...

    def forget(self, currencies: Collection[str]) -> None:
        """Delete the results in these currencies, for all clients: they are to be computed anew."""
        ...

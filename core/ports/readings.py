"""Repositories of what was read: latest state, equity history, prices."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.domain.types import (
    EquityPoint,
    ExchangeAccount,
    HeldBalance,
    LedgerRow,
    OpenPosition,
    PriceQuote,
    WalletState,
)
from core.ports.records import ClientIds, ClientPicture, PointRow, PointWindow, StoredReading


class Readings(Protocol):
    """Latest state and history of accounts."""

    def store(self, reading: StoredReading) -> None: ...
    def wallets(self, account_ids: Collection[UUID], client_ids: ClientIds) -> list[WalletState]: ...
    def balances(self, account_ids: Collection[UUID], client_ids: ClientIds) -> list[HeldBalance]: ...
    def positions(self, account_ids: Collection[UUID], client_ids: ClientIds) -> list[OpenPosition]: ...
    def points(
        self, account_ids: Collection[UUID], client_ids: ClientIds, windows: Sequence[PointWindow]
    ) -> list[PointRow]:
        """Return the points of all windows in one query, ascending by account and time (the page's hot path)."""
        ...

    def last_points_before(
        self, account_ids: Collection[UUID], client_ids: ClientIds, times: Sequence[datetime]
    ) -> dict[datetime, dict[UUID, EquityPoint]]: ...
    def first_point_at(self, account_ids: Collection[UUID], client_ids: ClientIds) -> dict[UUID, EquityPoint]: ...
    def iter_points(
        self, account_ids: Collection[UUID], client_ids: ClientIds, *, since: datetime, until: datetime
    ) -> Iterator[EquityPoint]: ...
    def add_history(
        self, points: Iterable[EquityPoint], ledger: Iterable[LedgerRow], starts: Iterable[WalletState] = ()
    ) -> None:
        """Store past points and entries; `starts` move wallets' first good reading back to where history begins."""
        ...

    def pack(self, account: ExchangeAccount, now: datetime) -> int:
        """Move one stretch of an account's closed points into its pack; return how many, 0 when nothing is left."""
        ...

    def thin(self, account: ExchangeAccount, now: datetime) -> int:
        """Delete an account's equity points that are finer than their age deserves; return how many."""
        ...


class Pictures(Protocol):
    """A client's whole state in one query: a page costs a session, a picture and its points."""

    def of_client(
        self,
        client_id: UUID,
        *,
        times: Sequence[datetime],
        flows_since: datetime,
        kinds: Collection[str],
        now: datetime,
    ) -> ClientPicture:
        """Read flows with flows_since < booked_at <= now and pauses that outlast `now`."""
        ...


class Prices(Protocol):
    """Latest USD prices per exchange."""

    def save(self, quotes: Iterable[PriceQuote]) -> None: ...
    def latest(self, exchange: str | None = None) -> list[PriceQuote]: ...

"""Repositories of the ledger: entries page by page, and what people have said of transfers."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from core.domain.transfer_links import LegKey, TransferLink
from core.domain.types import LedgerRow
from core.ports.records import ClientIds


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which entries are asked for: since <= booked_at < until, of these kinds and accounts.

    `text` is looked for, without regard to case, in symbol, asset, transaction id, reference and native id.
    """

    account_ids: frozenset[UUID]
    since: datetime
    until: datetime
    kinds: frozenset[str]
    asset: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """A place in the order of entries, newest first: an entry's time and key."""

    booked_at: datetime
    account_id: UUID
    wallet: str
    dedupe_key: str


LedgerSize = tuple[str, str, Decimal, Decimal | None]  # kind, asset, amount, USD per unit


class Ledger(Protocol):
    """Ledger rows: unique by (account, wallet, dedupe_key); storing one again changes nothing."""

    def add(self, rows: Iterable[LedgerRow]) -> int: ...
    def unknown(self, rows: Iterable[LedgerRow]) -> list[LedgerRow]: ...
    def flows(
        self,
        account_ids: Collection[UUID],
        client_ids: ClientIds,
        *,
        since: datetime,
        until: datetime,
        kinds: Collection[str],
    ) -> list[LedgerRow]: ...
    def find(self, keys: Collection[LegKey], client_ids: ClientIds) -> list[LedgerRow]: ...
    def page(
        self, asked: LedgerFilter, client_ids: ClientIds, *, place: LedgerPlace | None, newer: bool, limit: int
    ) -> list[LedgerRow]:
        """Return at most `limit` entries next to a place, newest first: the older ones, or the newer ones."""
        ...

    def count(self, asked: LedgerFilter, client_ids: ClientIds, *, newer_than: LedgerPlace | None = None) -> int: ...
    def assets(self, asked: LedgerFilter, client_ids: ClientIds) -> list[str]: ...
    def sizes(self, asked: LedgerFilter, client_ids: ClientIds) -> Iterator[LedgerSize]: ...
    def stream(self, asked: LedgerFilter, client_ids: ClientIds) -> Iterator[LedgerRow]: ...


class TransferLinks(Protocol):
    """What people have said of transfers."""

    def add(self, link: TransferLink) -> None: ...
    def end(self, link: TransferLink, *, at: datetime, by: UUID, first_at: datetime, last_at: datetime) -> bool: ...
    def in_force(self, client_ids: ClientIds) -> list[TransferLink]: ...
    def changed(self, client_ids: ClientIds, *, since: datetime) -> list[TransferLink]: ...

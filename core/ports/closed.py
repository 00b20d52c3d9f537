"""Repository of closed positions."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.domain.closed import ClosedRow
from core.ports.records import ClientIds


class ClosedPositions(Protocol):
    """Closed positions: unique by (account, native id, instant); storing one again changes nothing."""

    def add(self, rows: Iterable[ClosedRow]) -> int: ...
    def between(
        self, account_ids: Collection[UUID], client_ids: ClientIds, *, since: datetime, until: datetime
    ) -> list[ClosedRow]:
        """Return what was closed with since <= closed_at < until, the oldest first."""
        ...

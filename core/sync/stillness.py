"""Answers whose exchange time stands still: the exchange, or something on the way to it, repeats old ones."""

import threading
from datetime import datetime, timedelta
from uuid import UUID

STALE = "stale_at_exchange"
STALE_AFTER = timedelta(minutes=5)


class Stillness:
    """Remembers for each account which time its answers bore and since when."""

    def __init__(self) -> None:
        """Start without any."""
        self._seen: dict[UUID, tuple[datetime, datetime]] = {}
        self._lock = threading.Lock()

    def is_still(self, account_id: UUID, told: datetime | None, *, now: datetime, offset: timedelta | None) -> bool:
        """Note the time that this reading's oldest answer bore; tell whether it is too old to be believed.

        It is when it has not moved for five minutes, or lies five minutes behind the exchange's own clock (`offset` is
        how far that is ahead of ours; None: unknown). An exchange that tells no time is never still.
        """
        if told is None:
            return False
        with self._lock:
            last = self._seen.get(account_id)
            since = last[1] if last is not None and told <= last[0] and last[1] <= now else now
            self._seen[account_id] = (told, since)
        is_behind = offset is not None and now + offset - told >= STALE_AFTER
        return is_behind or now - since >= STALE_AFTER

"""The sidecar's work on the past: days that have closed, then thinning, client by client in small transactions."""

import logging
from datetime import datetime, timedelta

from core.domain.types import Role, User
from core.ports import Clock, Storage
from core.sync.days import close_days, closed_until
from core.sync.thinning import thin_account

log = logging.getLogger(__name__)

DAYS_EVERY = timedelta(minutes=5)
WISHES_EVERY = timedelta(seconds=10)
THIN_EVERY = timedelta(hours=1)
TURN = timedelta(minutes=15)
TURN_FACT = "upkeep_turn"
MOST_ROUNDS = 40


class Upkeep:
    """Keeps the past of all clients in order. One sidecar at a time takes the turn; two at once do no harm."""

    def __init__(self, storage: Storage, clock: Clock, owner: str) -> None:
        """Start with everything due."""
        self._storage, self._clock, self._owner = storage, clock, owner
        self._days_at: datetime | None = None
        self._thinned_at: datetime | None = None
        self._asked_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time to look after days again, or somebody waits for days in a currency new to them."""
        if self._days_at is None or now - self._days_at >= DAYS_EVERY:
            return True
        if self._asked_at is not None and now - self._asked_at < WISHES_EVERY:
            return False
        self._asked_at = now
        with self._storage.begin(write=False) as uow:
            newest = uow.fx.newest_want()
        return newest is not None and newest >= self._days_at

    def run(self) -> None:
        """Close days, and once an hour thin, for every client; one that fails never stops another."""
        now = self._clock()
        self._days_at = now
        if not self._take_turn(now):
            return
        is_hour = self._thinned_at is None or now - self._thinned_at >= THIN_EVERY
        with self._storage.begin(write=False) as uow:
            clients = uow.users.all(role=Role.CLIENT)
        for client in clients:
            try:
                self._close(client, now)
                if is_hour:
                    self._thin(client, now)
            except Exception:  # noqa: BLE001 - the edge of a job: one client's past never holds up another's
                log.exception("upkeep failed", extra={"client_id": str(client.id)})
        if is_hour:
            self._thinned_at = now
            self._tell_audit_head()

    def _tell_audit_head(self) -> None:
        """Write the head of the audit log into the log: whoever cuts rows off the table's end is found out."""
        with self._storage.begin(write=False) as uow:
            head = uow.audit.head()
        if head is not None:
            log.info("audit head %d:%s", *head)

    def _take_turn(self, now: datetime) -> bool:
        with self._storage.begin() as uow:
            owner, _, until = (uow.facts.get(TURN_FACT) or "").partition("|")
            if until and owner != self._owner and now < datetime.fromisoformat(until):
                return False
            uow.facts.set(TURN_FACT, f"{self._owner}|{(now + TURN).isoformat()}")
        return True

    def _close(self, client: User, now: datetime) -> None:
        for _ in range(MOST_ROUNDS):
            if not close_days(self._storage, client, now):
                return

    def _thin(self, client: User, now: datetime) -> None:
        closed = closed_until(self._storage, client, now)
        with self._storage.begin(write=False) as uow:
            accounts = uow.accounts.all({client.id}, with_removed=True)
        for account in accounts:
            thin_account(self._storage, account, time_zone=client.time_zone, now=now, closed_until=closed)

"""Exchange rates of fiat currencies: read from the central bank now and then, stored with their time, kept for ever."""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.errors import ConnectorError
from connectors.types import FxRate
from core.domain.currencies import FIAT, FxSource, StoredRate
from core.ports import Clock, Storage
from core.services.rates import SOURCE_FACT

log = logging.getLogger(__name__)

READ_EVERY = timedelta(minutes=30)
AGAIN_AFTER = timedelta(minutes=5)
FIRST_LOOK_BACK = timedelta(days=400)
OVERLAP = timedelta(days=10)  # what the bank publishes late or anew
BANK_ZONE = ZoneInfo("America/Sao_Paulo")
TURN = "fx"
ReadRates = Callable[[date, date], list[FxRate]]


class FxReader:
    """Keeps the stored rates current. `read` is None where this installation has no way to the bank (a sandbox)."""

    def __init__(self, storage: Storage, clock: Clock, source: FxSource, read: ReadRates | None) -> None:
        """Start with everything due."""
        self._storage, self._clock, self._source = storage, clock, source
        self._read = read if source is FxSource.PTAX else None
        self._due_at: datetime | None = None
        self._told = False

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time to look for new rates."""
        return not self._told or (self._read is not None and (self._due_at is None or now >= self._due_at))

    def run(self) -> None:
        """Say which source is in force, read what is new and store it.

        One sidecar at a time asks; a failure is tried again a little later and changes nothing stored.
        """
        now = self._clock()
        if not self._told:
            self._tell()
        if self._read is None:
            return
        self._due_at = now + READ_EVERY
        with self._storage.begin() as uow:
            if not uow.planning.take_turn(TURN, now, every_seconds=AGAIN_AFTER.total_seconds() * 0.9):
                self._due_at = now + AGAIN_AFTER
                return
            newest = uow.fx.newest(self._source)
        today = now.astimezone(BANK_ZONE).date()
        first = today - FIRST_LOOK_BACK if newest is None else newest.astimezone(BANK_ZONE).date() - OVERLAP
        try:
            found = self._read(min(first, today), today)
        except ConnectorError as e:
            self._due_at = now + AGAIN_AFTER
            log.warning("exchange rates not read: %s", e, extra={"source": self._source.value})
            return
        rates = [StoredRate(rate.currency, rate.at, rate.per_usd, rate.source, now) for rate in found if rate.at <= now]
        with self._storage.begin() as uow:
            uow.fx.save(rates)

    def _tell(self) -> None:
        """Store which source is in force; where it has changed, days in fiat currencies are computed anew."""
        with self._storage.begin() as uow:
            known = uow.facts.get(SOURCE_FACT)
            if known != self._source.value:
                uow.facts.set(SOURCE_FACT, self._source.value)
                if known is not None:
                    log.warning("exchange rates now come from %s, not %s", self._source.value, known)
                    uow.days.forget(FIAT)
        self._told = True

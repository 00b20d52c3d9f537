"""How far the exchanges' clocks are ahead of ours, measured now and then, once for everybody."""

# ruff: noqa: D102 - the protocol says what its method is for

import logging
import threading
from datetime import datetime, timedelta
from statistics import median
from typing import Protocol

from connectors.errors import ConnectorError
from core.ports import Clock

log = logging.getLogger(__name__)

MEASURE_EVERY = timedelta(minutes=5)
COUNTS_FROM = timedelta(seconds=1)  # less is the way there and back
WARN_FROM = timedelta(seconds=5)


class TellsTime(Protocol):
    """An exchange as far as its clock goes."""

    def get_server_time(self) -> datetime: ...


class Clocks:
    """The offsets as one process has measured them."""

    def __init__(self) -> None:
        """Start without any."""
        self._told: dict[str, tuple[datetime, datetime, timedelta]] = {}
        self._lock = threading.Lock()

    def measure(self, exchange: str, connector: TellsTime, clock: Clock) -> None:
        """Ask the exchange's clock unless that was done minutes ago; one that does not answer leaves all as it is.

        So does one that tells the same as before: it stands still. The instant in the middle of question and answer
        is compared.
        """
        before = clock()
        last = self._told.get(exchange)
        if last is not None and timedelta(0) <= before - last[0] < MEASURE_EVERY:
            return
        try:
            server = connector.get_server_time()
        except ConnectorError:
            return
        after = clock()
        if last is not None and server == last[1]:
            return
        offset = server - (before + (after - before) / 2)
        with self._lock:
            self._told[exchange] = (after, server, offset)
        if abs(offset) >= WARN_FROM:
            log.warning("clock differs by %.1f s", offset.total_seconds(), extra={"exchange": exchange})

    def offset(self, exchange: str) -> timedelta | None:
        """Return how far the exchange's clock is ahead of ours; None where it was never measured."""
        with self._lock:
            told = self._told.get(exchange)
        return None if told is None else told[2]

    def exchange_time(self, exchange: str, at: datetime) -> datetime:
        """Return an instant of our clock by the exchange's, whose ledger it is compared with."""
        offset = self.offset(exchange)
        return at if offset is None or abs(offset) < COUNTS_FROM else at + offset

    def own_error_seconds(self) -> float:
        """Return by how much our own clock is behind (+) what the exchanges say; 0 below five seconds."""
        with self._lock:
            offsets = [told[2].total_seconds() for told in self._told.values()]
        found = median(offsets) if offsets else 0.0
        return found if abs(found) >= WARN_FROM.total_seconds() else 0.0

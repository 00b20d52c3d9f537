"""Counts of ended runs, kept in memory until the next heartbeat stores them: one row for many runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from core.domain.sync_runs import RunOutcome, RunTally, SyncRun

STRETCH_SECONDS = 300

_Key = tuple[str, str, datetime, RunOutcome, str]
_Counts = tuple[int, int, int]


class Tallies:
    """Runs that have ended since they were last stored, by exchange, outcome and code. Thread-safe."""

    def __init__(self) -> None:
        """Start with none."""
        self._counts: dict[_Key, _Counts] = {}
        self._lock = threading.Lock()

    def count(self, exchange: str, run: SyncRun) -> None:
        """Count a run whose transaction has been committed."""
        ended = int(run.ended_at.timestamp())
        at = datetime.fromtimestamp(ended - ended % STRETCH_SECONDS, UTC)
        key = (run.sidecar_id, exchange, at, run.outcome, run.error_code or "")
        self._add(key, (1, run.requests, round(run.duration.total_seconds() * 1000)))

    @contextmanager
    def taken(self) -> Iterator[list[RunTally]]:
        """Give out what was counted, to be stored within the block; if that fails it counts again."""
        with self._lock:
            counts, self._counts = self._counts, {}
        try:
            yield [RunTally(*key, *numbers) for key, numbers in sorted(counts.items())]
        except BaseException:
            for key, numbers in counts.items():
                self._add(key, numbers)
            raise

    def _add(self, key: _Key, numbers: _Counts) -> None:
        with self._lock:
            runs, requests, busy_ms = self._counts.get(key, (0, 0, 0))
            self._counts[key] = (runs + numbers[0], requests + numbers[1], busy_ms + numbers[2])

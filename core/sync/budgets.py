"""How long an exchange is left in peace after it said no to the address that all accounts share.

A limit of one account or key is that account's own matter (slot.py). A rate limit counts at once, a ban doubles,
failures open a breaker after five in a row. Thread-safe.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from connectors.errors import ExchangeError, IpBannedError, MaintenanceError, NetworkError, RateLimitedError
from core.ports import ExchangePause

RATE_PAUSE_SECONDS = 60.0
RATE_PAUSE_LEAST_SECONDS = 1.0
BAN_PAUSE_SECONDS = 120.0
BAN_PAUSE_MOST_SECONDS = 86400.0 * 3
BREAKER_FAILURES = 5
PROBE_SECONDS = 60.0
PROBE_JITTER = 0.2
SHARED_SCOPE = "ip"
DOWN = frozenset({MaintenanceError.code, NetworkError.code})


class Breakers:
    """What each exchange's failures mean for the next request to it. `jitter` gives a ratio in [-1, 1]."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        """Start with nothing known of any exchange."""
        self._jitter = jitter
        self._failures: dict[str, int] = {}
        self._bans: dict[str, int] = {}
        self._banned_until: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def record(self, exchange: str, error: ExchangeError | None, now: datetime) -> ExchangePause | None:
        """Take in the outcome of a reading (None: it went well); return the pause it causes, if any."""
        with self._lock:
            if error is None:
                self._failures.pop(exchange, None)
                self._bans.pop(exchange, None)
                return None
            seconds = self._pause_seconds(exchange, error, now)
        if seconds is None:
            return None
        return ExchangePause(exchange, now + timedelta(seconds=seconds), error.code)

    def open(self, exchange: str) -> None:
        """Take over what another sidecar found: the exchange is down, and must answer a probe first."""
        with self._lock:
            self._failures[exchange] = max(self._failures.get(exchange, 0), BREAKER_FAILURES)

    def is_open(self, exchange: str) -> bool:
        """Tell whether the exchange must answer a probe before accounts are read again."""
        with self._lock:
            return self._failures.get(exchange, 0) >= BREAKER_FAILURES

    def _pause_seconds(self, exchange: str, error: ExchangeError, now: datetime) -> float | None:
        if isinstance(error, IpBannedError):
            return self._ban_seconds(exchange, error, now)
        if isinstance(error, RateLimitedError) and error.scope != SHARED_SCOPE:
            return None
        if isinstance(error, RateLimitedError):
            asked = RATE_PAUSE_SECONDS if error.retry_after is None else error.retry_after
            return max(asked, RATE_PAUSE_LEAST_SECONDS)
        if isinstance(error, MaintenanceError | NetworkError):
            failures = self._failures.get(exchange, 0) + 1
            self._failures[exchange] = failures
            if failures >= BREAKER_FAILURES:
                probe = PROBE_SECONDS * (1 + PROBE_JITTER * self._jitter())
                return max(probe, error.retry_after or 0.0)
            if error.retry_after is not None:
                return error.retry_after
        return None

    def _ban_seconds(self, exchange: str, error: ExchangeError, now: datetime) -> float:
        """Return how long a ban is respected; requests that were on their way when it came hear of the same ban."""
        until = self._banned_until.get(exchange)
        if until is None or now >= until:
            self._bans[exchange] = self._bans.get(exchange, 0) + 1
        least = min(BAN_PAUSE_SECONDS * 2.0 ** (self._bans.get(exchange, 1) - 1), BAN_PAUSE_MOST_SECONDS)
        seconds = max(least, error.retry_after or 0.0)
        self._banned_until[exchange] = now + timedelta(seconds=seconds)
        return seconds

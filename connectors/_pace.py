"""Keeps one account's calls under the exchange's published per-account limits of a few seconds.

Limits that many accounts share (per address) and long windows are the sync engine's matter, not one connector's.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

from connectors._reading import Endpoint
from connectors.types import RateLimit

LONGEST_WINDOW_SECONDS = 10
USED_PART = 0.6  # the rest is for whoever else reads with the same account
OWN_SCOPES = frozenset({"uid", "key"})
AT_ONCE = nullcontext(True)  # for calls that need not take turns


class Pace:
    """Tells how long to wait before a call; every endpoint has its own count, as exchanges keep them."""

    def __init__(self, limits: Iterable[RateLimit]) -> None:
        self._limits = {
            limit.name: limit
            for limit in limits
            if limit.scope in OWN_SCOPES and limit.window_seconds <= LONGEST_WINDOW_SECONDS
        }
        self._calls: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def reserve(self, endpoint: Endpoint, now: float) -> float:
        """Book the next free moment for a call and return the seconds until then; `now` is monotonic time."""
        limit = self._limits.get(endpoint.limit)
        if limit is None:
            return 0.0
        most = max(1, int(limit.limit * USED_PART / endpoint.weight))
        with self._lock:
            calls = self._calls.setdefault(f"{endpoint.method} {endpoint.path}", deque(maxlen=most))
            at = max(now, calls[0] + limit.window_seconds) if len(calls) == most else now
            calls.append(at)
        return at - now

    def wait(self, endpoint: Endpoint, end: float) -> bool:
        """Sleep until the call may leave; False, without sleeping, when that is later than `end` (monotonic)."""
        now = time.monotonic()
        seconds = self.reserve(endpoint, now)
        if now + seconds >= end:
            return False
        if seconds:
            time.sleep(seconds)
        return True


@contextmanager
def hold(lock: "threading.RLock | None", end: float) -> Iterator[bool]:
    """Hold a lock, if any, for a while; False where it did not come free before `end` (monotonic)."""
    held = lock is None or lock.acquire(timeout=max(0.0, end - time.monotonic()))
    try:
        yield held
    finally:
        if held and lock is not None:
            lock.release()

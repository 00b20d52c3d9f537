"""Rate limits as exchanges count them: weights in fixed windows, a ban for those who go on."""

import threading
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of one count: `used` in the window, `retry_after` seconds (0 = allowed), `banned` for going on."""

    used: int
    retry_after: int = 0
    banned: bool = False


class Limiter:
    """Counts weights per bucket. A caller who goes on `patience` times after a refusal is banned for `ban_seconds`."""

    def __init__(self, *, patience: int = 20, ban_seconds: int = 120) -> None:
        self._used: dict[str, tuple[int, int]] = {}
        self._refusals: dict[str, int] = {}
        self._banned: dict[str, float] = {}
        self._patience, self._ban_seconds = patience, ban_seconds
        self._lock = threading.Lock()

    def count(self, bucket: str, weight: int, *, limit: int, window: int, now: datetime) -> Verdict:
        """Add `weight` to a bucket of `limit` per `window` seconds."""
        second = now.timestamp()
        slot = int(second) // window
        with self._lock:
            until = self._banned.get(bucket, 0)
            if second < until:
                return Verdict(limit, max(1, int(until - second)), banned=True)
            last, used = self._used.get(bucket, (slot, 0))
            used = used + weight if last == slot else weight
            self._used[bucket] = (slot, used)
            if used <= limit:
                self._refusals.pop(bucket, None)
                return Verdict(used)
            self._refusals[bucket] = self._refusals.get(bucket, 0) + 1
            if self._refusals[bucket] > self._patience:
                self._banned[bucket] = second + self._ban_seconds
                return Verdict(used, self._ban_seconds, banned=True)
            return Verdict(used, max(1, window - int(second) % window))

    def clear(self) -> None:
        """Forget all counts and bans."""
        with self._lock:
            self._used.clear()
            self._refusals.clear()
            self._banned.clear()

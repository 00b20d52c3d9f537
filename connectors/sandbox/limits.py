"""Rate limits as exchanges count them: in fixed windows or by a falling counter, a ban for those who go on."""

import math
import threading
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """`units` per `window` seconds; who goes on `ban_after` times after a refusal is banned for `ban_seconds`.

    A `falling` limit has no windows: what was used falls steadily, by `units` in `window` seconds.
    """

    units: int
    window: int
    ban_after: int | None = None
    ban_seconds: int = 120
    falling: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of one count: `used` in the window, `retry_after` seconds (0 = allowed), `banned` for going on."""

    used: int
    retry_after: int = 0
    banned: bool = False


class Limiter:
    """Counts weights per bucket name."""

    def __init__(self) -> None:
        self._used: dict[str, tuple[int, int]] = {}
        self._levels: dict[str, tuple[int, int]] = {}
        self._refusals: dict[str, int] = {}
        self._banned: dict[str, float] = {}
        self._lock = threading.Lock()

    def count(self, bucket: str, weight: int, *, limit: Limit, now: datetime) -> Verdict:
        """Add `weight` to a bucket and judge."""
        if limit.falling:
            return self._pour(bucket, weight, limit, round(now.timestamp() * 1_000))
        second = now.timestamp()
        slot = int(second) // limit.window
        with self._lock:
            until = self._banned.get(bucket, 0)
            if second < until:
                return Verdict(limit.units, max(1, int(until - second)), banned=True)
            last, used = self._used.get(bucket, (slot, 0))
            used = used + weight if last == slot else weight
            self._used[bucket] = (slot, used)
            if used <= limit.units:
                self._refusals.pop(bucket, None)
                return Verdict(used)
            self._refusals[bucket] = self._refusals.get(bucket, 0) + 1
            if limit.ban_after is not None and self._refusals[bucket] > limit.ban_after:
                self._banned[bucket] = second + limit.ban_seconds
                return Verdict(used, limit.ban_seconds, banned=True)
            return Verdict(used, max(1, limit.window - int(second) % limit.window))

    def _pour(self, bucket: str, weight: int, limit: Limit, now_ms: int) -> Verdict:
        """Count in a counter that falls all the time; what is refused is not counted. Units are kept by the window."""
        window_ms = limit.window * 1_000
        with self._lock:
            at_ms, level = self._levels.get(bucket, (now_ms, 0))
            level = max(0, level - max(0, now_ms - at_ms) * limit.units)
            over = level + (weight - limit.units) * window_ms
            level += weight * window_ms if over <= 0 else 0
            self._levels[bucket] = (now_ms, level)
        return Verdict(math.ceil(level / window_ms), max(0, math.ceil(over / limit.units / 1_000)))

    def clear(self) -> None:
        """Forget all counts and bans."""
        with self._lock:
            self._levels.clear()
            self._used.clear()
            self._refusals.clear()
            self._banned.clear()

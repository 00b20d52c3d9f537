"""How fresh things are: accounts against their planned interval, the sidecar against its heartbeat."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from core.domain.types import Freshness, Heartbeat, SyncState
from core.ports import Storage
from core.services.overview_types import SystemHealth

FRESH_INTERVALS = 2
LATE_INTERVALS = 10
SIDECAR_SILENT_AFTER = timedelta(seconds=60)


def freshness(state: SyncState | None, now: datetime) -> Freshness:
    """Tell how old the last good reading is: fresh up to 2 planned intervals, late up to 10, old after."""
    if state is None or state.last_ok_at is None:
        return Freshness.NEVER
    intervals = (now - state.last_ok_at).total_seconds() / state.planned_interval_seconds
    if intervals <= FRESH_INTERVALS:
        return Freshness.FRESH
    return Freshness.LATE if intervals <= LATE_INTERVALS else Freshness.OLD


def system_health(heartbeats: Iterable[Heartbeat], now: datetime) -> SystemHealth:
    """Judge the sidecars by their heartbeats; one that is alive and can open keys is enough."""
    beats = list(heartbeats)
    seen = max((beat.beat_at for beat in beats), default=None)
    alive = [beat for beat in beats if now - beat.beat_at <= SIDECAR_SILENT_AFTER]
    latest = alive or beats
    locked = bool(latest) and all(beat.keys != "ok" for beat in latest)
    return SystemHealth(sidecar_seen_at=seen, sidecar_silent=not alive, keys_locked=locked)


def read_system_health(storage: Storage, now: datetime) -> SystemHealth:
    """Read the heartbeats and judge them (for /readyz and the banner of pages that need nothing else)."""
    with storage.begin(write=False) as uow:
        return system_health(uow.syncing.heartbeats(), now)

"""How fresh things are: accounts against their planned interval, the sidecar against its heartbeat."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.types import STOPPED, Freshness, Heartbeat, SyncState
from core.ports import Storage
from core.services.access import WHOLE_FLEET
from core.services.overview_types import SystemHealth

FRESH_INTERVALS = 2
LATE_INTERVALS = 10
SIDECAR_SILENT_AFTER = timedelta(seconds=60)


def freshness(state: SyncState | None, now: datetime) -> Freshness:
    """Tell how old the last good reading is: fresh up to 2 planned intervals, late up to 10, old after."""
    if state is None:
        return Freshness.NEVER
    return fresh_by_interval(state.last_ok_at, state.planned_interval_seconds, now)


def fresh_by_interval(read_at: datetime | None, interval_seconds: int | None, now: datetime) -> Freshness:
    """Tell how old a reading is against the interval that is planned for it."""
    if read_at is None or not interval_seconds:
        return Freshness.NEVER
    intervals = (now - read_at).total_seconds() / interval_seconds
    if intervals <= FRESH_INTERVALS:
        return Freshness.FRESH
    return Freshness.LATE if intervals <= LATE_INTERVALS else Freshness.OLD


def is_alive(beat: Heartbeat, now: datetime) -> bool:
    """Tell whether a sidecar has given a sign of life lately, and has not said that it ends."""
    return beat.keys != STOPPED and now - beat.beat_at <= SIDECAR_SILENT_AFTER


def system_health(heartbeats: Iterable[Heartbeat], now: datetime) -> SystemHealth:
    """Judge the sidecars by their heartbeats; one that is alive and can open keys is enough."""
    beats = list(heartbeats)
    seen = max((beat.beat_at for beat in beats), default=None)
    alive = [beat for beat in beats if is_alive(beat, now)]
    latest = alive or beats
    locked = bool(latest) and all(beat.keys == "locked" for beat in latest)
    clock = max((beat.clock_seconds for beat in alive), key=abs, default=0.0)
    return SystemHealth(sidecar_seen_at=seen, sidecar_silent=not alive, keys_locked=locked, clock_seconds=clock)


def read_system_health(storage: Storage, now: datetime) -> SystemHealth:
    """Read the heartbeats and judge them (for /readyz and the banner of pages that need nothing else)."""
    with storage.begin(write=False) as uow:
        return system_health(uow.syncing.heartbeats(), now)


@dataclass(frozen=True, slots=True)
class FleetHealth:
    """The installation in numbers, without a client, a name or a figure of anybody.

    `by_status` counts accounts by (exchange, status), `by_freshness` those being read by (exchange, freshness),
    `errors` by (exchange, last error code); `oldest_seconds` is the age of the oldest last good reading by exchange.
    """

    system: SystemHealth
    by_status: Mapping[tuple[str, str], int]
    by_freshness: Mapping[tuple[str, str], int]
    errors: Mapping[tuple[str, str], int]
    oldest_seconds: Mapping[str, float]


def read_fleet_health(storage: Storage, now: datetime) -> FleetHealth:
    """Count accounts by state and age, for the operator's metrics."""
    with storage.begin(WHOLE_FLEET, write=False) as uow:
        accounts = uow.accounts.all(None)
        states = {state.account_id: state for state in uow.syncing.states(None)}
        system = system_health(uow.syncing.heartbeats(), now)
    reads = [(account.exchange, states.get(account.id)) for account in accounts if account.is_active]
    oldest: dict[str, float] = {}
    for exchange, state in reads:
        if state is not None and state.last_ok_at is not None:
            oldest[exchange] = max(oldest.get(exchange, 0.0), (now - state.last_ok_at).total_seconds())
    return FleetHealth(
        system=system,
        by_status=Counter((account.exchange, account.status.value) for account in accounts),
        by_freshness=Counter((exchange, freshness(state, now).value) for exchange, state in reads),
        errors=Counter(
            (exchange, state.last_error_code) for exchange, state in reads if state and state.last_error_code
        ),
        oldest_seconds=oldest,
    )

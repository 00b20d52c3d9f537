"""How fresh accounts are, and whether the sidecar lives."""

from datetime import timedelta
from uuid import uuid4

import pytest

from core.domain.types import AccountStatus, Freshness, Heartbeat, SyncState
from core.services.health import freshness, read_fleet_health, read_system_health, system_health
from tests.core.services.office import EXCHANGE, NOW, Office


def state(age: float | None, interval: int = 30) -> SyncState:
    last = None if age is None else NOW - timedelta(seconds=age)
    return SyncState(uuid4(), uuid4(), interval, NOW, 0, last_ok_at=last)


def beat(age: float, keys: str = "ok", name: str = "one") -> Heartbeat:
    return Heartbeat(name, NOW - timedelta(days=1), NOW - timedelta(seconds=age), keys)


@pytest.mark.parametrize(
    ("age", "interval", "expected"),
    [
        (0, 30, Freshness.FRESH),
        (60, 30, Freshness.FRESH),
        (60.1, 30, Freshness.LATE),
        (300, 30, Freshness.LATE),
        (300.1, 30, Freshness.OLD),
        (240, 120, Freshness.FRESH),
        (1200, 120, Freshness.LATE),
        (1201, 120, Freshness.OLD),
        (-5, 30, Freshness.FRESH),
        (None, 30, Freshness.NEVER),
    ],
)
def test_an_account_is_as_fresh_as_its_own_interval_allows(
    age: float | None, interval: int, expected: Freshness
) -> None:
    assert freshness(state(age, interval), NOW) is expected


def test_an_account_whose_sync_never_ran_was_never_read() -> None:
    assert freshness(None, NOW) is Freshness.NEVER


@pytest.mark.parametrize(
    ("beats", "silent", "locked"),
    [
        ([], True, False),
        ([beat(60)], False, False),
        ([beat(60.1)], True, False),
        ([beat(1, "locked")], False, True),
        ([beat(61, "locked")], True, True),
        ([beat(1, "locked"), beat(2, "ok", "two")], False, False),
        ([beat(1, "locked"), beat(3600, "ok", "two")], False, True),
        ([beat(3600, "locked"), beat(1, "ok", "two")], False, False),
    ],
)
def test_one_sidecar_that_is_alive_and_can_open_keys_is_enough(
    beats: list[Heartbeat], silent: bool, locked: bool
) -> None:
    health = system_health(beats, NOW)
    assert (health.sidecar_silent, health.keys_locked) == (silent, locked)
    assert health.sidecar_seen_at == max((beat.beat_at for beat in beats), default=None)


def test_heartbeats_are_read_from_the_database(office: Office) -> None:
    assert read_system_health(office.web, NOW) == system_health([], NOW)
    with office.sync.begin() as uow:
        uow.syncing.beat(beat(3))
    assert read_system_health(office.web, NOW) == system_health([beat(3)], NOW)


def test_the_fleet_is_counted_over_all_clients_and_paused_accounts_are_not_late(office: Office) -> None:
    read, theirs = office.account("Read"), office.account("Theirs", office.bruno)
    paused = office.account("Paused", is_active=False)
    office.account("Waiting", status=AccountStatus.PENDING)
    for account, age, code in ((read, 10, None), (theirs, 100, None), (paused, 9000, None)):
        office.end_slot(account, NOW - timedelta(seconds=age), error_code=code)
    office.end_slot(theirs, NOW, error_code="network")
    fleet = read_fleet_health(office.web, NOW)
    assert fleet.by_status == {(EXCHANGE, "active"): 3, (EXCHANGE, "pending"): 1}
    assert fleet.by_freshness == {(EXCHANGE, "fresh"): 1, (EXCHANGE, "late"): 1, (EXCHANGE, "never"): 1}
    assert fleet.errors == {(EXCHANGE, "network"): 1}
    assert fleet.oldest_seconds == {EXCHANGE: 100.0}

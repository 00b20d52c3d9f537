"""How the sync is doing, for administrators only."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.domain.reading_plans import Budget, ReadingPlan
from core.domain.sync_runs import ErrorClass, RunOutcome, RunTally
from core.domain.types import AccountStatus, ExchangeAccount, Freshness, Heartbeat, Tier
from core.errors import ForbiddenError
from core.ports import ExchangePause
from core.services.sync_health import load_sync_health, percentile
from tests.core.services.office import EXCHANGE, NOW, WITH_PASSPHRASE, Office

SECOND = timedelta(seconds=1)


def read(office: Office, account: ExchangeAccount, age: float, *, due: float = 20, code: str | None = None) -> None:
    """Store that the account was last read (or failed) so many seconds ago, and is due in so many."""
    with office.sync.begin() as uow:
        lease = uow.syncing.claim_one(account.id, NOW - timedelta(days=1), owner="one", lease_seconds=60)
        assert lease is not None
        at, due_at = NOW - age * SECOND, NOW + due * SECOND
        uow.syncing.release(lease, next_due_at=due_at, interval_seconds=30, now=at, error_code=code)


def tally(outcome: RunOutcome, runs: int, code: str = "", *, at: datetime = NOW, exchange: str = EXCHANGE) -> RunTally:
    return RunTally("one", exchange, at, outcome, code, runs, runs * 3, runs * 100)


def budget(**changes: Any) -> Budget:  # noqa: ANN401 - what dataclasses take
    usual: dict[str, Any] = {"exchange": EXCHANGE, "egress": "", "bucket": "weight", "limit": 6000,
                             "window_seconds": 60}  # fmt: skip
    return Budget(**{**usual, **changes})


@pytest.mark.parametrize("who", ["mine", "analyst"])
def test_only_administrators_are_told(office: Office, who: str) -> None:
    with pytest.raises(ForbiddenError):
        load_sync_health(office.web, getattr(office, who), NOW)
    assert load_sync_health(office.web, office.admin, NOW).exchanges == ()


def test_accounts_ages_and_queues_are_summed_up_by_exchange(office: Office) -> None:
    for number, age in enumerate((5, 10, 100, 4000)):
        read(office, office.account(f"A{number}"), age, due=-number)
    office.account("New", office.bruno)
    office.account("Pending", status=AccountStatus.PENDING)
    read(office, office.account("Paused", is_active=False), 9000, due=-9000)
    read(office, office.account("Other", exchange=WITH_PASSPHRASE), 7)
    health = load_sync_health(office.web, office.admin, NOW)
    assert [exchange.exchange for exchange in health.exchanges] == [EXCHANGE, WITH_PASSPHRASE]
    found = health.exchanges[0]
    assert (found.accounts, found.reading, found.never) == (7, 5, 1)
    assert found.by_freshness == {Freshness.FRESH: 2, Freshness.LATE: 1, Freshness.OLD: 1, Freshness.NEVER: 1}
    assert (found.age(0.5), found.age(0.99)) == (10, 4000)
    assert (found.due, found.oldest_due_seconds, found.running) == (4, 3, 0)
    assert found.intervals == {30: 4}


def test_an_account_that_is_being_read_is_not_in_the_queue(office: Office) -> None:
    account = office.account("A")
    read(office, account, 40, due=-10)
    with office.sync.begin() as uow:
        assert uow.syncing.claim_one(account.id, NOW, owner="one", lease_seconds=60)
    found = load_sync_health(office.web, office.admin, NOW).exchanges[0]
    assert (found.due, found.running) == (0, 1)
    later = load_sync_health(office.web, office.admin, NOW + 61 * SECOND).exchanges[0]
    assert (later.due, later.oldest_due_seconds, later.running) == (1, 71, 0)


def test_success_and_kinds_of_trouble_come_from_the_last_hour_and_day(office: Office) -> None:
    office.account("A")
    early = NOW - timedelta(hours=3)
    with office.sync.begin() as uow:
        uow.runs.add_tallies(
            [
                tally(RunOutcome.OK, 90),
                tally(RunOutcome.PARTIAL, 5),
                tally(RunOutcome.FAILED, 3, "network"),
                tally(RunOutcome.FAILED, 1, "bad_key"),
                tally(RunOutcome.MISSED, 1, "missed"),
                tally(RunOutcome.OK, 100, at=early),
                tally(RunOutcome.FAILED, 50, "rate_limited", at=early),
                tally(RunOutcome.FAILED, 9, "network", exchange=WITH_PASSPHRASE),
            ]
        )
    found = load_sync_health(office.web, office.admin, NOW).exchanges[0]
    assert (found.last_hour.total, found.last_hour.rate) == (100, 0.95)
    assert (found.last_day.total, found.last_day.rate) == (250, 0.78)
    assert found.errors == {"network": 3, "bad_key": 1, "missed": 1}
    assert found.classes == {ErrorClass.AWAY: 3, ErrorClass.KEY: 1, ErrorClass.OWN: 1}
    assert found.requests_last_hour == 300


def test_where_nothing_ran_there_is_no_rate(office: Office) -> None:
    office.account("A")
    found = load_sync_health(office.web, office.admin, NOW).exchanges[0]
    assert (found.last_hour.rate, found.age(0.5), found.fullest, found.errors) == (None, None, None, {})


def test_pauses_limits_and_plans_stand_with_their_exchange(office: Office) -> None:
    pause = ExchangePause(EXCHANGE, NOW + 42 * SECOND, "maintenance")
    wanted: dict[str, int] = {Tier.MAIN: 30, Tier.REST: 300}
    plan = ReadingPlan(EXCHANGE, "", 412, 150, {Tier.MAIN: 83, Tier.REST: 300}, wanted, NOW)
    with office.sync.begin() as uow:
        uow.syncing.pause(pause)
        uow.planning.save_plans([plan])
        for stored in (budget(), budget(bucket="orders", limit=100, other_rate=1.5), budget(exchange="other")):
            uow.planning.ensure_budget(stored)
    found = load_sync_health(office.web, office.admin, NOW).exchanges[0]
    assert (found.exchange, found.accounts, found.pauses, found.breaker_open) == (EXCHANGE, 0, (pause,), True)
    assert found.plans == (plan,)
    assert found.fullest is not None and (found.fullest.bucket, found.fullest.ratio) == ("orders", 0.9)
    assert load_sync_health(office.web, office.admin, NOW + 43 * SECOND).exchanges == ()


def test_what_is_used_of_a_limit_is_what_the_runs_of_the_last_hour_cost(office: Office) -> None:
    office.account("A")
    wanted: dict[str, int] = {Tier.MAIN: 30}
    with office.sync.begin() as uow:
        uow.runs.add_tallies([tally(RunOutcome.OK, 1080), tally(RunOutcome.MISSED, 500, "missed")])
        uow.planning.save_plans([ReadingPlan(EXCHANGE, way, accounts, None, wanted, wanted, NOW) for way, accounts in
                                 (("one", 3), ("two", 1))])  # fmt: skip
        for way in ("one", "two"):
            uow.planning.ensure_budget(budget(egress=way, limit=600, slot_units=20.0, other_rate=0.5))
        uow.syncing.beat(Heartbeat("one", NOW - timedelta(hours=9), NOW, "ok"))
    hour = load_sync_health(office.web, office.admin, NOW).exchanges[0]
    assert {use.egress: round(use.used, 6) for use in hour.budgets} == {"one": 300, "two": 120}
    assert hour.fullest is not None and (hour.fullest.egress, round(hour.fullest.ratio, 6)) == ("one", 0.5)
    with office.sync.begin() as uow:
        uow.syncing.beat(Heartbeat("one", NOW - timedelta(minutes=30), NOW, "ok"))
    half = load_sync_health(office.web, office.admin, NOW).exchanges[0]
    assert {use.egress: round(use.used, 6) for use in half.budgets} == {"one": 570, "two": 210}


def test_sidecars_say_what_they_run_and_whether_they_live(office: Office) -> None:
    with office.sync.begin() as uow:
        uow.syncing.beat(Heartbeat("dead", NOW, NOW - 61 * SECOND, "ok", "0.1.0"))
        uow.syncing.beat(Heartbeat("alive", NOW, NOW - 2 * SECOND, "locked", "0.2.0"))
    health = load_sync_health(office.web, office.admin, NOW)
    told = [(s.beat.sidecar_id, s.silent, s.beat.keys, s.version) for s in health.sidecars]
    assert told == [("alive", False, "locked", "0.2.0"), ("dead", True, "ok", "0.1.0")]
    assert health.system.keys_locked


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([7.0], 0.99, 7.0), ([1.0, 2.0], 0.5, 1.0), ([1.0, 2.0, 3.0], 0.5, 2.0),
     ([float(n) for n in range(1, 101)], 0.99, 99.0), ([float(n) for n in range(1, 102)], 0.99, 100.0)],
)  # fmt: skip
def test_a_percentile_is_a_value_that_was_measured(values: list[float], share: float, expected: float | None) -> None:
    assert percentile(values, share) == expected

"""Tiers, addresses, plans, budgets and turns, as they are stored."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.reading_plans import Budget, ReadingPlan
from core.domain.types import ExchangeAccount, SyncState, User
from core.errors import LeaseLostError
from core.persistence import SqlStorage
from core.ports import FleetRow, Pacing
from tests.core.persistence.makers import HOUR, MINUTE, NOW, SECOND, add_account, make_session, make_user
from tests.core.persistence.repositories.test_syncing import add_due, claim

API = Budget("alpha", "", "api", 6_000, 60)


def state(storage: SqlStorage, account: ExchangeAccount) -> SyncState:
    with storage.begin(write=False) as uow:
        (found,) = uow.syncing.states(None, account_ids={account.id})
    return found


def release(storage: SqlStorage, *, due: timedelta, code: str | None = None) -> None:
    """Read the one account that is due."""
    (lease,) = claim(storage)
    with storage.begin() as uow:
        uow.syncing.release(lease, next_due_at=NOW + due, interval_seconds=300, now=NOW, error_code=code)


def test_one_caller_gets_the_turn_until_it_is_time_again(storage: SqlStorage) -> None:
    for after, is_mine in ((0, True), (1, False), (9, False), (10, True), (11, False)):
        with storage.begin() as uow:
            assert uow.planning.take_turn("plan", NOW + after * SECOND, every_seconds=10) is is_mine
    with storage.begin() as uow:
        assert uow.planning.take_turn("other", NOW, every_seconds=10)


def test_the_fleet_is_every_account_that_is_read_and_when_its_client_was_last_seen(
    storage: SqlStorage, client: User
) -> None:
    account = add_due(storage, client, exchange="alpha", is_main=True)
    add_due(storage, client, is_active=False)
    add_due(storage, client, status="pending")
    seen = make_user("bia")
    with storage.begin() as uow:
        uow.users.add(seen, None)
        for hours in (3, 1, 2):
            uow.sessions.add(make_session(seen, f"hash{hours}", seen_at=NOW - hours * HOUR))
    other = add_due(storage, seen, exchange="beta")
    with storage.begin(write=False) as uow:
        rows = {row.account_id: row for row in uow.planning.fleet()}
    assert rows == {
        account.id: FleetRow(
            account.id, client.id, "alpha", False, True, "active", None, None, client.created_at, 30
        ),
        other.id: FleetRow(other.id, seen.id, "beta", False, other.is_main, "active", None, None, NOW - HOUR, 30),
    }  # fmt: skip


def test_a_look_is_noted_at_most_every_twenty_seconds_and_for_own_clients_only(
    storage: SqlStorage, client: User
) -> None:
    account = add_due(storage, client)
    for after, noted in ((0, 0), (19, 0), (20, 20)):
        with storage.begin() as uow:
            uow.planning.look({account.id}, {client.id}, NOW + after * SECOND)
        assert state(storage, account).looked_at == NOW + noted * SECOND
    with storage.begin() as uow:
        uow.planning.look({account.id}, {make_user("eva").id}, NOW + HOUR)
    assert state(storage, account).looked_at == NOW + 20 * SECOND


@pytest.mark.parametrize(
    ("after", "code", "due"),
    [(5 * SECOND, None, 35), (MINUTE, None, 60), (MINUTE, "bad_key", 900)],
    ids=["read a moment ago", "read longer ago", "waits for its person"],
)
def test_an_account_that_comes_on_a_screen_is_read_soon_and_in_its_new_tier(
    storage: SqlStorage, client: User, after: timedelta, code: str | None, due: int
) -> None:
    account = add_due(storage, client)
    release(storage, due=15 * MINUTE, code=code)
    with storage.begin() as uow:
        uow.planning.look({account.id}, {client.id}, NOW + after)
        assert uow.planning.watch(NOW + after, look_seconds=60, interval_seconds=30) == 1
        assert uow.planning.watch(NOW + after, look_seconds=60, interval_seconds=30) == 0
    found = state(storage, account)
    assert (found.tier, found.planned_interval_seconds) == ("watched", 30)
    assert found.next_due_at == NOW + due * SECOND


def test_a_look_of_a_minute_ago_moves_nothing(storage: SqlStorage, client: User) -> None:
    account = add_due(storage, client)
    with storage.begin() as uow:
        uow.planning.look({account.id}, {client.id}, NOW)
        assert uow.planning.watch(NOW + MINUTE, look_seconds=60, interval_seconds=30) == 0


def test_what_is_decided_of_accounts_is_stored(storage: SqlStorage, client: User) -> None:
    slower, sooner = add_due(storage, client), add_due(storage, client)
    release_all(storage, MINUTE * 5)
    with storage.begin() as uow:
        uow.planning.pace(
            [Pacing(slower.id, "rest", "one", 300, False), Pacing(sooner.id, "main", "two", 30, True)], NOW + MINUTE
        )
    found = [state(storage, account) for account in (slower, sooner)]
    assert [(item.tier, item.egress, item.planned_interval_seconds) for item in found] == [
        ("rest", "one", 300),
        ("main", "two", 30),
    ]
    assert [item.next_due_at for item in found] == [NOW + 5 * MINUTE, NOW + MINUTE]


def release_all(storage: SqlStorage, due: timedelta) -> None:
    leases = claim(storage)
    with storage.begin() as uow:
        for lease in leases:
            uow.syncing.release(lease, next_due_at=NOW + due, interval_seconds=300, now=NOW)


def test_an_address_claims_its_own_accounts_and_those_that_have_none(storage: SqlStorage, client: User) -> None:
    mine, free, other = (add_due(storage, client, exchange="alpha") for _ in range(3))
    with storage.begin() as uow:
        uow.planning.pace([Pacing(mine.id, "main", "one", 30, False), Pacing(other.id, "main", "two", 30, False)], NOW)
        assert uow.syncing.due(NOW, egress="one") == {"alpha": 2}
    assert {lease.account.id for lease in claim(storage, egress="one")} == {mine.id, free.id}
    assert [lease.account.id for lease in claim(storage, "two", egress="two")] == [other.id]


def test_urgent_tiers_are_claimed_first_and_an_exchange_can_be_named(storage: SqlStorage, client: User) -> None:
    accounts = {tier: add_due(storage, client, exchange="alpha") for tier in ("rest", "active", "watched")}
    add_due(storage, client, exchange="beta")
    with storage.begin() as uow:
        uow.planning.pace([Pacing(item.id, tier, None, 30, False) for tier, item in accounts.items()], NOW)
    with storage.begin() as uow:
        order = [
            uow.syncing.claim(NOW, owner="one", lease_seconds=60, limit=1, exchange="alpha")[0].account.id
            for _ in range(3)
        ]
    assert order == [accounts[tier].id for tier in ("watched", "active", "rest")]


def test_an_account_put_off_is_neither_read_nor_failed(storage: SqlStorage, client: User) -> None:
    account = add_due(storage, client)
    (lease,) = claim(storage)
    with storage.begin() as uow:
        uow.syncing.postpone(lease, NOW + MINUTE)
    found = state(storage, account)
    assert (found.next_due_at, found.last_ok_at, found.failures, found.leased_by) == (NOW + MINUTE, None, 0, None)
    with storage.begin() as uow, pytest.raises(LeaseLostError):
        uow.syncing.postpone(lease, NOW)


def test_the_newest_plan_of_an_exchange_and_address_counts(storage: SqlStorage) -> None:
    plan = ReadingPlan("alpha", "one", 412, 150, {"main": 83}, {"main": 30}, NOW)
    other = replace(plan, egress="two", allowed=None)
    with storage.begin() as uow:
        uow.planning.save_plans([plan, other])
        uow.planning.save_plans([replace(plan, accounts=9, made_at=NOW - SECOND)])
        assert uow.planning.plans() == [plan, other]
        assert uow.planning.plans("two") == [other]


def test_units_are_booked_one_after_the_other_and_none_too_far_ahead(storage: SqlStorage) -> None:
    def book(floor: int, latest: int = 10_000, window: int = 1) -> int | None:
        with storage.begin() as uow:
            return uow.planning.book(
                replace(API, window=window), units=20, span_us=300, floor_us=floor, latest_us=latest
            )

    with storage.begin() as uow:
        assert uow.planning.ensure_budget(API) == API
        assert uow.planning.ensure_budget(replace(API, limit=5_000)).limit == 5_000
    assert [book(1_000), book(1_000), book(1_000, latest=1_599), book(5_000), book(5_000, window=2)] == [
        1_000, 1_300, None, 5_000, 5_300,
    ]  # fmt: skip
    with storage.begin() as uow:
        (found,) = uow.planning.budgets("alpha")
        assert (found.free_at, found.window, found.units) == (5_600, 2, 40)
        uow.planning.hold_back("alpha", "", 9_000)
        uow.planning.hold_back("alpha", "", 8_000)
        uow.planning.measure([replace(API, slot_units=2.5, other_rate=0.5, ledger_units=9.0, ledger_rate=0.25)])
        (found,) = uow.planning.budgets()
    assert (found.free_at, found.slot_units, found.other_rate) == (9_000, 2.5, 0.5)
    assert (found.ledger_units, found.ledger_rate) == (9.0, 0.25)


def test_what_others_use_pushes_the_count_on_once(storage: SqlStorage) -> None:
    def correct(used: int) -> int | None:
        with storage.begin() as uow:
            return uow.planning.correct(replace(API, window=3), used=used, slack=100, unit_us=10.0, floor_us=7_000)

    with storage.begin() as uow:
        uow.planning.ensure_budget(API)
    assert [correct(100), correct(300), correct(300), correct(450)] == [None, 9_000, None, 9_500]
    assert correct(6_000) == 240_000_000


def test_the_account_of_a_client_that_never_signed_in_counts_from_its_making(storage: SqlStorage) -> None:
    new = make_user("eva", created_at=NOW)
    with storage.begin() as uow:
        uow.users.add(new, None)
    account = add_account(storage, new)
    with storage.begin() as uow:
        uow.syncing.ensure(account.id, new.id, NOW, 30)
        (row,) = uow.planning.fleet()
    assert row.client_seen_at == NOW

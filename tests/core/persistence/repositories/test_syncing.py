"""Leases: only what is due is taken, by one holder at a time, and a stale fencing number writes nothing."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from core.domain.types import AccountStatus, ExchangeAccount, Heartbeat, SyncState, User
from core.errors import ConflictError, LeaseLostError, StorageUnavailableError
from core.persistence import SqlStorage
from core.ports import ExchangePause, Lease
from tests.core.persistence.makers import HOUR, MINUTE, NOW, SECOND, add_account, make_reading, make_user
from tests.databases import fresh_storage


def add_due(storage: SqlStorage, client: User, **changes: object) -> ExchangeAccount:
    account = add_account(storage, client, **changes)
    with storage.begin() as uow:
        uow.syncing.ensure(account.id, client.id, NOW, 30)
    return account


def add_user(storage: SqlStorage) -> User:
    user = make_user("ana")
    with storage.begin() as uow:
        uow.users.add(user, None)
    return user


def claim(storage: SqlStorage, owner: str = "one", at: object = NOW, **changes: object) -> list[Lease]:
    with storage.begin() as uow:
        return uow.syncing.claim(at, owner=owner, lease_seconds=60, limit=10, **changes)  # type: ignore[arg-type]


def test_a_due_account_is_taken_once(storage: SqlStorage, client: User) -> None:
    account = add_due(storage, client)
    assert claim(storage) == [Lease(account, "one", 1, NOW + MINUTE)]
    assert claim(storage, "two", NOW + SECOND) == []
    with storage.begin(write=False) as uow:
        (state,) = uow.syncing.states({client.id})
    expected = SyncState(account.id, client.id, 30, NOW, 1, "one", NOW + MINUTE, last_attempt_at=NOW)
    assert state == expected


def test_an_expired_lease_is_taken_over_with_a_higher_fence(storage: SqlStorage, client: User) -> None:
    add_due(storage, client)
    (old,) = claim(storage)
    (new,) = claim(storage, "two", NOW + MINUTE)
    assert new.fence == old.fence + 1
    with storage.begin() as uow:
        uow.syncing.check_fence(new)
        with pytest.raises(LeaseLostError):
            uow.syncing.check_fence(old)
        with pytest.raises(LeaseLostError):
            uow.syncing.release(old, next_due_at=NOW, interval_seconds=30, now=NOW)
        with pytest.raises(LeaseLostError):
            uow.syncing.set_ledger(old, read_to=NOW, since=NOW)


@pytest.mark.parametrize(
    "changes",
    [{"is_active": False}, *({"status": status} for status in ("pending", "refused", "unverified", "damaged"))],
    ids=str,
)
def test_an_account_that_is_paused_or_not_verified_is_left_alone(
    storage: SqlStorage, client: User, changes: dict[str, object]
) -> None:
    add_due(storage, client, **changes)
    assert claim(storage) == []


def test_what_needs_attention_is_still_tried(storage: SqlStorage, client: User) -> None:
    add_due(storage, client, status=AccountStatus.NEEDS_ATTENTION)
    assert len(claim(storage)) == 1


def test_removed_accounts_and_paused_exchanges_are_left_alone(storage: SqlStorage, client: User) -> None:
    account, other = add_due(storage, client), add_due(storage, client, exchange="beta")
    with storage.begin() as uow:
        uow.accounts.remove(account, NOW)
    assert claim(storage, exchanges_paused=["beta"]) == []
    assert [lease.account for lease in claim(storage)] == [other]


def test_the_most_overdue_are_taken_first(storage: SqlStorage, client: User) -> None:
    accounts = [add_due(storage, client) for _ in range(3)]
    with storage.begin() as uow:
        for age, account in enumerate(accounts):
            uow.syncing.make_due(account.id, client.id, NOW - age * SECOND)
        first, second = uow.syncing.claim(NOW, owner="one", lease_seconds=60, limit=2)
    assert [first.account.id, second.account.id] == [accounts[2].id, accounts[1].id]


def test_release_plans_the_next_reading(storage: SqlStorage, client: User) -> None:
    account = add_due(storage, client)
    (lease,) = claim(storage)
    with storage.begin() as uow:
        uow.syncing.set_ledger(lease, read_to=None, since=NOW - HOUR, cursor=NOW - MINUTE)
        (half,) = uow.syncing.states({client.id})
        uow.syncing.set_ledger(lease, read_to=NOW, since=NOW - HOUR)
        uow.syncing.release(lease, next_due_at=NOW + MINUTE, interval_seconds=60, now=NOW + SECOND)
        (state,) = uow.syncing.states({client.id})
        with pytest.raises(LeaseLostError):
            uow.syncing.check_fence(lease)
    assert (state.leased_by, state.leased_until, state.next_due_at) == (None, None, NOW + MINUTE)
    assert (state.planned_interval_seconds, state.last_ok_at, state.failures) == (60, NOW + SECOND, 0)
    assert (half.ledger_read_to, half.ledger_since, half.ledger_cursor) == (None, NOW - HOUR, NOW - MINUTE)
    assert (state.ledger_read_to, state.ledger_since, state.ledger_cursor) == (NOW, NOW - HOUR, None)
    assert claim(storage, at=NOW + SECOND) == []
    with storage.begin() as uow:
        uow.syncing.make_due(account.id, client.id, NOW + SECOND)
    assert len(claim(storage, at=NOW + SECOND)) == 1


def test_failures_are_counted_until_a_reading_succeeds(storage: SqlStorage, client: User) -> None:
    add_due(storage, client)
    for expected in (1, 2):
        (lease,) = claim(storage)
        with storage.begin() as uow:
            uow.syncing.release(lease, next_due_at=NOW, interval_seconds=30, now=NOW, error_code="timeout")
            (state,) = uow.syncing.states(None)
        assert (state.failures, state.last_error_code, state.last_error_at) == (expected, "timeout", NOW)
    (lease,) = claim(storage)
    with storage.begin() as uow:
        uow.syncing.release(lease, next_due_at=NOW, interval_seconds=30, now=NOW)
        (state,) = uow.syncing.states(None)
    assert (state.failures, state.last_error_code, state.last_ok_at) == (0, None, NOW)


def test_one_account_is_taken_for_a_job_whatever_its_status(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client, status=AccountStatus.PENDING)
    with storage.begin() as uow:
        lease = uow.syncing.claim_one(account.id, NOW, owner="one", lease_seconds=60)
        assert lease == Lease(account, "one", 1, NOW + MINUTE)
        assert uow.syncing.claim_one(account.id, NOW, owner="two", lease_seconds=60) is None
        assert uow.syncing.claim_one(uuid4(), NOW, owner="one", lease_seconds=60) is None
        uow.accounts.remove(account, NOW)
        assert uow.syncing.claim_one(account.id, NOW + HOUR, owner="one", lease_seconds=60) is None


@pytest.mark.postgres
def test_a_job_does_not_wait_for_an_account_whose_slot_is_being_written(tmp_path: Path) -> None:
    with fresh_storage("postgresql", tmp_path) as storage:
        account = add_due(storage, add_user(storage))
        (lease,) = claim(storage)
        with storage.begin() as writing:
            writing.syncing.check_fence(lease)
            writing.syncing.release(lease, next_due_at=NOW + HOUR, interval_seconds=30, now=NOW)
            with storage.begin() as uow:
                uow.connection.execute(text("SET LOCAL lock_timeout = '1ms'"))
                assert uow.syncing.claim_one(account.id, NOW + HOUR, owner="two", lease_seconds=60) is None


@pytest.mark.postgres
def test_a_sidecar_that_freezes_in_a_transaction_loses_the_account_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.persistence.engine.IDLE_SECONDS", 1)
    with fresh_storage("postgresql", tmp_path) as frozen, fresh_sidecar(frozen) as other:
        account = add_due(frozen, add_user(frozen))
        (lease,) = claim(frozen)
        with pytest.raises(StorageUnavailableError), frozen.begin() as uow:
            uow.readings.store(make_reading(account))
            uow.syncing.check_fence(lease)
            assert claim(other, "two", NOW + HOUR) == []
            deadline = time.monotonic() + 30
            while not (taken := claim(other, "two", NOW + HOUR)):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        with other.begin(write=False) as uow:
            assert uow.syncing.data_version({account.user_id}) == 0
        with pytest.raises(LeaseLostError), frozen.begin() as uow:
            uow.syncing.check_fence(lease)
        assert [each.fence for each in taken] == [lease.fence + 1]


@contextmanager
def fresh_sidecar(storage: SqlStorage) -> Iterator[SqlStorage]:
    other = SqlStorage(storage.engine.url.render_as_string(hide_password=False))
    yield other
    other.dispose()


def test_two_sidecars_never_take_the_same_account(storage: SqlStorage, client: User) -> None:
    for _ in range(12):
        add_due(storage, client)
    taken: list[object] = []
    start = threading.Barrier(4)

    def work(owner: str) -> None:
        start.wait()
        for _ in range(6):
            with storage.begin() as uow:
                taken.extend(
                    lease.account.id for lease in uow.syncing.claim(NOW, owner=owner, lease_seconds=60, limit=2)
                )

    threads = [threading.Thread(target=work, args=(f"sidecar {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 12


def test_a_state_that_is_there_stays(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_due(storage, client)
    with storage.begin() as uow:
        uow.syncing.ensure(account.id, client.id, NOW + HOUR, 120)
        (state,) = uow.syncing.states({client.id}, account_ids=[account.id])
        assert (state.next_due_at, state.planned_interval_seconds) == (NOW, 30)
        assert uow.syncing.states({stranger.id}) == []
        assert uow.syncing.states({client.id}, account_ids=[]) == []


def test_a_state_cannot_join_two_clients(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.syncing.ensure(account.id, stranger.id, NOW, 30)


def test_the_data_version_grows_with_each_reading_of_the_asked_accounts(
    storage: SqlStorage, client: User, stranger: User
) -> None:
    account, other = add_due(storage, client), add_due(storage, stranger)
    with storage.begin() as uow:
        assert uow.syncing.data_version({client.id}) == 0
        uow.readings.store(make_reading(account))
        uow.readings.store(make_reading(other))
        uow.readings.store(make_reading(other))
        assert uow.syncing.data_version({client.id}) == 1
        assert uow.syncing.data_version(None) == 3
        assert uow.syncing.data_version(None, [other.id]) == 2
        assert uow.syncing.data_version(set()) == 0


def test_a_longer_pause_stays(storage: SqlStorage) -> None:
    long = ExchangePause("alpha", NOW + HOUR, "banned")
    with storage.begin() as uow:
        uow.syncing.pause(ExchangePause("alpha", NOW + MINUTE, "rate_limit"))
        uow.syncing.pause(long)
        uow.syncing.pause(ExchangePause("alpha", NOW + MINUTE, "rate_limit"))
        assert uow.syncing.pauses(NOW) == [long]
        assert uow.syncing.pauses(NOW + HOUR) == []


def test_the_last_beat_of_each_sidecar_is_kept(storage: SqlStorage) -> None:
    first = Heartbeat("one", NOW, NOW, "ok")
    second = Heartbeat("two", NOW, NOW + SECOND, "locked", "kid1")
    with storage.begin() as uow:
        uow.syncing.beat(first)
        uow.syncing.beat(second)
        uow.syncing.beat(replace(first, beat_at=NOW + MINUTE))
        assert uow.syncing.heartbeats() == [replace(first, beat_at=NOW + MINUTE), second]


def test_states_of_many_clients_are_listed_for_the_system(storage: SqlStorage) -> None:
    users = [make_user(f"client{number}") for number in range(3)]
    with storage.begin() as uow:
        for user in users:
            uow.users.add(user, None)
    accounts = {add_due(storage, user).id for user in users}
    with storage.begin(write=False) as uow:
        assert {state.account_id for state in uow.syncing.states(None)} == accounts

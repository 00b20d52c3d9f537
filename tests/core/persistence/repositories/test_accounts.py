"""Exchange accounts: one main account each, ids pinned once, removal that keeps history."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from core.domain.types import AccountStatus, JobStatus, KeyRights, User
from core.errors import ConflictError, NotFoundError
from core.persistence import SqlStorage
from tests.core.persistence.makers import (
    DAY,
    NOW,
    SECOND,
    add_account,
    make_account,
    make_credential,
    make_job,
    make_reading,
    make_user,
)

RIGHTS = KeyRights(
    read=True, trade=False, transfer=None, withdraw=False, ip_restricted=True, expires_at=NOW + DAY, checked_at=NOW
)


def test_an_account_comes_back_as_stored(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client, rights=RIGHTS, uid="u1", reason="why", wants_main=True)
    with storage.begin() as uow:
        assert uow.accounts.get(account.id, {client.id}) == account
        assert uow.accounts.get(account.id, None, for_update=True) == account
        assert uow.accounts.get(uuid4(), None) is None


def test_a_foreign_account_is_not_found(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        assert uow.accounts.get(account.id, {stranger.id}) is None
        assert uow.accounts.get(account.id, set()) is None
        assert uow.accounts.all({stranger.id}) == []
        with pytest.raises(NotFoundError):
            uow.accounts.set_main(stranger.id, account.id, NOW)
        with pytest.raises(NotFoundError):
            uow.accounts.update(replace(account, user_id=stranger.id))


def test_a_change_touches_only_what_a_person_may_change(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client, uid="u1")
    wanted = replace(
        account, name="Other", is_active=False, wants_main=True, options={"region": "us"}, updated_at=NOW + SECOND
    )
    forged = replace(wanted, is_main=True, uid="u2", status=AccountStatus.PENDING, generation=9)
    with storage.begin() as uow:
        uow.accounts.update(forged)
        assert uow.accounts.get(account.id, {client.id}) == wanted


def test_status_and_rights_are_stored(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client, status=AccountStatus.PENDING)
    later = NOW + SECOND
    with storage.begin() as uow:
        uow.accounts.set_rights(account, RIGHTS, "u1", later)
        uow.accounts.set_rights(account, RIGHTS, None, later)
        uow.accounts.set_status(account, AccountStatus.REFUSED, "may_withdraw", later)
        stored = uow.accounts.get(account.id, {client.id})
    expected = replace(account, rights=RIGHTS, uid="u1", status=AccountStatus.REFUSED, reason="may_withdraw")
    assert stored == replace(expected, updated_at=later)


def test_another_account_becomes_main_in_one_step(storage: SqlStorage, client: User, stranger: User) -> None:
    first, second = add_account(storage, client), add_account(storage, client)
    other = add_account(storage, stranger)
    with storage.begin() as uow:
        uow.accounts.set_main(stranger.id, other.id, NOW)
        uow.accounts.set_main(client.id, first.id, NOW)
        uow.accounts.set_main(client.id, second.id, NOW + SECOND)
        assert [account.is_main for account in uow.accounts.all({client.id})] == [False, True]
        assert uow.accounts.main_of(client.id) == replace(second, is_main=True, updated_at=NOW + SECOND)
        assert uow.accounts.main_of(stranger.id) == replace(other, is_main=True)


def test_the_database_refuses_a_second_main_account(storage: SqlStorage, client: User) -> None:
    add_account(storage, client, is_main=True)
    with pytest.raises(ConflictError):
        add_account(storage, client, is_main=True)


def test_becoming_main_fulfils_the_wish(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client, wants_main=True)
    with storage.begin() as uow:
        uow.accounts.set_main(client.id, account.id, NOW)
        main = uow.accounts.main_of(client.id)
    assert main is not None
    assert not main.wants_main


def test_one_exchange_account_is_held_once(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client, uid="u1")
    with pytest.raises(ConflictError):
        add_account(storage, stranger, uid="u1")
    add_account(storage, stranger, uid="u1", testnet=True)
    add_account(storage, stranger, uid="u1", exchange="beta")
    add_account(storage, stranger, uid="u1", status=AccountStatus.REFUSED)
    with storage.begin() as uow:
        assert uow.accounts.by_exchange_uid("alpha", "u1", testnet=False) == [account]
        uow.accounts.remove(account, NOW)
        assert uow.accounts.by_exchange_uid("alpha", "u1", testnet=False) == []
    add_account(storage, stranger, uid="u1")


def test_the_same_key_is_found_whoever_holds_it(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        assert uow.accounts.key_holder(f"index-{account.id}") == account.id
        assert uow.accounts.key_holder("other") is None
        uow.accounts.remove(account, NOW)
        assert uow.accounts.key_holder(f"index-{account.id}") is None


def test_removal_erases_the_key_and_keeps_the_history(storage: SqlStorage, client: User) -> None:
    account, other = add_account(storage, client, is_main=True), add_account(storage, client)
    with storage.begin() as uow:
        uow.readings.store(make_reading(account))
        job = uow.jobs.add(make_job(account))
        waiting = make_credential(account, generation=2)
        uow.credentials.save_candidate(waiting, hint="9", duplicate_index="x", options={}, at=NOW)
    with storage.begin() as uow:
        uow.accounts.remove(account, NOW + SECOND)
    with storage.begin(write=False) as uow:
        gone = uow.accounts.get(account.id, {client.id})
        assert gone is not None
        assert (gone.removed_at, gone.is_main, gone.is_active) == (NOW + SECOND, False, False)
        assert uow.accounts.all({client.id}) == [other]
        assert [each.id for each in uow.accounts.all({client.id}, with_removed=True)] == [account.id, other.id]
        assert len(uow.readings.wallets([account.id], {client.id})) == 1
        assert uow.credentials.load(account.id, client.id) is None
        assert uow.credentials.load_candidate(account.id, client.id) is None
        assert uow.credentials.load(other.id, client.id) is not None
        assert uow.connection.execute(text("SELECT count(*) /* every client */ FROM data_keys")).scalar_one() == 1
        ended = uow.jobs.get(job.id, {client.id})
        assert ended is not None
        assert (ended.status, ended.error_code) == (JobStatus.FAILED, "removed")


def test_a_removed_account_never_becomes_main(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        uow.accounts.remove(account, NOW)
        with pytest.raises(NotFoundError):
            uow.accounts.set_main(client.id, account.id, NOW)


def test_demo_accounts_are_not_real(storage: SqlStorage, client: User) -> None:
    demo = make_user("demo", is_demo=True)
    with storage.begin() as uow:
        uow.users.add(demo, None)
    add_account(storage, demo)
    with storage.begin() as uow:
        assert not uow.accounts.has_real()
    account = add_account(storage, client)
    with storage.begin() as uow:
        assert uow.accounts.has_real()
        uow.accounts.remove(account, NOW)
        assert uow.accounts.has_real()


def test_an_account_needs_a_client(storage: SqlStorage) -> None:
    account = make_account(make_user("nobody"))
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.accounts.add(account, make_credential(account), "index")

"""Sealed credentials: the waiting one takes the place of the current one, and data keys never outlive their use."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from core.domain.types import User
from core.errors import ConflictError, NotFoundError
from core.persistence import SqlStorage
from core.ports import Candidate
from tests.core.persistence.makers import NOW, SECOND, add_account, make_account, make_credential


def data_keys(storage: SqlStorage) -> list[str]:
    with storage.begin(write=False) as uow:
        return list(uow.connection.execute(text("SELECT dek_id /* every client */ FROM data_keys")).scalars())


def test_a_credential_comes_back_as_sealed(storage: SqlStorage, client: User) -> None:
    account = make_account(client)
    credential = replace(make_credential(account), passphrase="f1.sealed")
    with storage.begin() as uow:
        uow.accounts.add(account, credential, "index")
    with storage.begin(write=False) as uow:
        assert uow.credentials.load(account.id, client.id) == credential
        assert uow.credentials.kids_in_use() == {"kid1"}
        assert uow.credentials.count_by_kid() == {"kid1": 1}


def test_a_foreign_credential_is_not_found(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        assert uow.credentials.load(account.id, stranger.id) is None
        foreign = replace(make_credential(account, generation=2), client_id=stranger.id)
        with pytest.raises(NotFoundError):
            uow.credentials.save_candidate(foreign, hint="9", duplicate_index="x", options={}, at=NOW)
        uow.credentials.erase(account.id, stranger.id)
        assert uow.credentials.load(account.id, client.id) is not None


def test_a_waiting_credential_leaves_the_current_one_alone_until_promoted(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    waiting = make_credential(account, generation=2, kid="kid2")
    with storage.begin() as uow:
        current = uow.credentials.load(account.id, client.id)
        uow.credentials.save_candidate(waiting, hint="9999", duplicate_index="new", options={"region": "us"}, at=NOW)
        assert uow.credentials.load(account.id, client.id) == current
        assert uow.credentials.load_candidate(account.id, client.id) == Candidate(waiting, {"region": "us"})
        assert uow.credentials.kids_in_use() == {"kid1", "kid2"}
        uow.credentials.promote_candidate(waiting, NOW + SECOND)
        assert uow.credentials.load(account.id, client.id) == waiting
        assert uow.credentials.load_candidate(account.id, client.id) is None
        promoted = replace(account, generation=2, hint="9999", options={"region": "us"}, updated_at=NOW + SECOND)
        assert uow.accounts.key_holder("new") == promoted.id
    assert data_keys(storage) == [waiting.dek_id]


def test_a_newer_candidate_replaces_the_waiting_one(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    first, second = make_credential(account, generation=2), make_credential(account, generation=2)
    with storage.begin() as uow:
        for candidate in (first, second):
            uow.credentials.save_candidate(candidate, hint="9", duplicate_index="x", options={}, at=NOW)
        assert uow.credentials.load_candidate(account.id, client.id) == Candidate(second, {})
    assert first.dek_id not in data_keys(storage)
    with storage.begin() as uow:
        uow.credentials.drop_candidate(account.id, client.id)
        with pytest.raises(NotFoundError):
            uow.credentials.promote_candidate(second, NOW)
    assert second.dek_id not in data_keys(storage)


def test_a_key_that_came_after_the_verified_one_does_not_take_its_place(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    verified, later = make_credential(account, generation=2), make_credential(account, generation=2)
    with storage.begin() as uow:
        current = uow.credentials.load(account.id, client.id)
        for candidate in (verified, later):
            uow.credentials.save_candidate(candidate, hint="9", duplicate_index="x", options={}, at=NOW)
        with pytest.raises(ConflictError):
            uow.credentials.promote_candidate(verified, NOW)
        assert uow.credentials.load(account.id, client.id) == current
        assert uow.credentials.load_candidate(account.id, client.id) == Candidate(later, {})


def test_the_generation_only_grows(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client, generation=2)
    old = make_credential(account, generation=2)
    with storage.begin() as uow, pytest.raises(ConflictError):
        uow.credentials.save_candidate(old, hint="9", duplicate_index="x", options={}, at=NOW)


def test_erasing_leaves_no_sealed_field_and_no_data_key(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        waiting = make_credential(account, generation=2)
        uow.credentials.save_candidate(waiting, hint="9", duplicate_index="x", options={}, at=NOW)
        uow.credentials.erase(account.id, client.id)
        assert uow.credentials.load(account.id, client.id) is None
        assert uow.credentials.load_candidate(account.id, client.id) is None
        sealed = "SELECT api_key, secret_key, passphrase, dek_id, origin_mac, duplicate_index FROM exchange_accounts"
        row = uow.connection.execute(text(f"{sealed} /* every client */")).one()
        assert set(row) == {None}
    assert data_keys(storage) == []


def test_an_erased_account_takes_a_new_key(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    again = make_credential(account, generation=2)
    with storage.begin() as uow:
        uow.credentials.erase(account.id, client.id)
        uow.credentials.save_candidate(again, hint="9", duplicate_index="x", options={}, at=NOW)
        uow.credentials.promote_candidate(again, NOW)
        assert uow.credentials.load(account.id, client.id) == again


def test_a_removed_account_takes_no_key(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        uow.accounts.remove(account, NOW)
        late = make_credential(account, generation=2)
        with pytest.raises(NotFoundError):
            uow.credentials.save_candidate(late, hint="9", duplicate_index="x", options={}, at=NOW)


def test_key_checks_are_kept_by_kid(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        uow.credentials.add_key_check("kid1", "c1.old")
        uow.credentials.add_key_check("kid1", "c1.new")
        uow.credentials.add_key_check("kid2", "c1.two")
        assert uow.credentials.key_checks() == {"kid1": "c1.new", "kid2": "c1.two"}

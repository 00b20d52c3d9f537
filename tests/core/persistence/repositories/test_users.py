"""People are stored, found and changed; demo people go with everything they own."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from core.domain.types import Role, User
from core.errors import ConflictError, NotFoundError
from core.persistence import SqlStorage
from tests.core.persistence.makers import (
    NOW,
    add_account,
    make_closed,
    make_detail,
    make_job,
    make_ledger,
    make_point,
    make_reading,
    make_session,
    make_user,
)


def test_a_person_comes_back_as_stored(storage: SqlStorage, client: User) -> None:
    with storage.begin(write=False) as uow:
        assert uow.users.get(client.id) == client
        assert uow.users.get(uuid4()) is None


def test_a_login_finds_the_person_and_the_password_hash(storage: SqlStorage) -> None:
    admin = make_user("root", role=Role.ADMIN)
    with storage.begin() as uow:
        uow.users.add(admin, "argon")
        assert uow.users.by_login("root") == (admin, "argon")
        assert uow.users.by_login("Root") is None


def test_a_login_is_taken_once(storage: SqlStorage, client: User) -> None:
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.users.add(make_user(client.login), None)


def test_people_are_listed_by_name_role_and_client(storage: SqlStorage, stranger: User, client: User) -> None:
    admin = make_user("root", role=Role.ADMIN)
    with storage.begin() as uow:
        uow.users.add(admin, None)
        assert uow.users.all() == [client, stranger, admin]
        assert uow.users.all(role=Role.CLIENT) == [client, stranger]
        assert uow.users.all(client_ids={client.id}) == [client]
        assert uow.users.all(client_ids=set()) == []
        assert (uow.users.count(), uow.users.count(role=Role.ADMIN)) == (3, 1)


def test_a_change_keeps_the_password(storage: SqlStorage, client: User) -> None:
    changed = replace(client, name="Ana Maria", language="en", is_active=False)
    with storage.begin() as uow:
        uow.users.set_password(client.id, "argon")
        uow.users.update(changed)
        assert uow.users.by_login("ana") == (changed, "argon")


def test_changing_an_unknown_person_is_refused(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        with pytest.raises(NotFoundError):
            uow.users.update(make_user("nobody"))
        with pytest.raises(NotFoundError):
            uow.users.set_password(uuid4(), "argon")


def test_demo_people_go_with_everything_they_own(storage: SqlStorage, client: User) -> None:
    demo = make_user("demo", is_demo=True)
    with storage.begin() as uow:
        uow.users.add(demo, None)
        uow.sessions.add(make_session(demo))
    account = add_account(storage, demo)
    kept = add_account(storage, client)
    with storage.begin() as uow:
        for each in (account, kept):
            uow.jobs.add(make_job(each))
            uow.readings.store(make_reading(each, ledger=(make_ledger(each),), details=make_detail(NOW)))
            uow.closed.add([make_closed(each)])
            uow.readings.add_history([make_point(each.id, each.user_id, NOW, 1.0)], [])
    with storage.begin() as uow:
        assert uow.users.delete_demo() == 1
    with storage.begin(write=False) as uow:
        assert uow.users.all() == [client]
        assert uow.accounts.all(None) == [kept]
        for table in (
            "data_keys",
            "jobs",
            "sync_states",
            "balances",
            "snapshot_details",
            "ledger_entries",
            "closed_positions",
        ):
            statement = f"SELECT count(*) /* every client */ FROM {table}"  # noqa: S608 - names from the line above
            assert uow.connection.execute(text(statement)).scalar_one() == 1, table

"""The storage: whole transactions or nothing, typed errors without values, and what the web role may not read."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.domain.types import ExchangeAccount, Role, Scope, User
from core.errors import ConfigurationError, ConflictError, NotFoundError, StorageUnavailableError
from core.persistence import SqlStorage
from core.persistence.engine import require_fsync
from core.persistence.unit_of_work import SqlUnitOfWork
from core.ports import Storage
from tests.core.persistence.makers import (
    NOW,
    add_account,
    make_account,
    make_credential,
    make_job,
    make_ledger,
    make_point,
    make_reading,
    make_user,
)
from tests.databases import chain_for_tests, fresh_storage, fresh_url


def scope_of(user: User) -> Scope:
    return Scope(user.id, Role.CLIENT, frozenset({user.id}))


def accepts(storage: Storage) -> Storage:
    """Take a storage as services do: mypy checks here that the port is implemented exactly."""
    return storage


def test_the_storage_is_the_port(storage: SqlStorage) -> None:
    port = accepts(storage)
    port.ping()
    assert port.schema_is_current()


def test_a_block_that_raises_stores_nothing(storage: SqlStorage) -> None:
    with pytest.raises(RuntimeError), storage.begin() as uow:
        uow.users.add(make_user("ana"), None)
        raise RuntimeError("stop")
    with storage.begin(write=False) as uow:
        assert uow.users.count() == 0


def test_a_reading_block_stores_nothing(storage: SqlStorage) -> None:
    refused = nullcontext() if storage.is_sqlite else pytest.raises(DBAPIError)
    with refused, storage.begin(write=False) as uow:
        uow.users.add(make_user("ana"), None)
    with storage.begin(write=False) as uow:
        assert uow.users.count() == 0


def test_a_clash_names_no_stored_value(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        uow.users.add(make_user("secret-login"), "secret-hash")
    with pytest.raises(ConflictError) as caught, storage.begin() as uow:
        uow.users.add(make_user("secret-login"), "secret-hash")
    chain: list[BaseException] = []
    error: BaseException | None = caught.value
    while error is not None:
        chain.append(error)
        error = error.__cause__ or error.__context__
    assert not any("secret" in f"{error} {error.args}" for error in chain)


def test_everybody_waits_for_a_writer_and_none_is_lost(storage: SqlStorage) -> None:
    def work(number: int) -> None:
        with storage.begin() as uow:
            count = int(uow.facts.get("count") or 0) if storage.is_sqlite else 0
            uow.users.add(make_user(f"user{number}"), None)
            uow.facts.set("count", str(count + 1))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with storage.begin(write=False) as uow:
        assert uow.users.count() == 12
        if storage.is_sqlite:
            assert uow.facts.get("count") == "12"


def test_a_locked_database_is_unavailable_and_serves_again_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.persistence.engine.PRAGMAS", ("PRAGMA busy_timeout = 50", "PRAGMA journal_mode = WAL"))
    with fresh_storage("sqlite", tmp_path) as storage:
        other = sqlite3.connect(str(storage.engine.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailableError), storage.begin() as uow:
            uow.facts.set("a", "1")
        with storage.begin(write=False) as uow:
            assert uow.facts.get("a") is None
        other.execute("COMMIT")
        other.close()
        with storage.begin() as uow:
            uow.facts.set("a", "1")


def test_a_second_writer_of_this_process_gives_up_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.persistence.storage.BUSY_SECONDS", 0.05)
    with fresh_storage("sqlite", tmp_path) as storage, storage.begin() as uow:
        uow.facts.set("a", "1")
        started = time.monotonic()
        with pytest.raises(StorageUnavailableError), storage.begin():
            pass
        assert time.monotonic() - started < 5


@pytest.mark.postgres
def test_a_database_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    with fresh_url("postgresql", tmp_path) as url:
        storage = SqlStorage(url)
        storage.ping()
    with pytest.raises(StorageUnavailableError):
        storage.ping()
    storage.dispose()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "noise.db"
    path.write_bytes(b"noise" * 1000)
    storage = SqlStorage(f"sqlite:///{path}")
    with pytest.raises(StorageUnavailableError):
        storage.ping()
    storage.dispose()


def test_a_server_that_may_lose_rows_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="fsync"):
        require_fsync("off")
    require_fsync("on")


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1), ("busy_timeout", 10_000)],
)
def test_sqlite_runs_with_the_settings_that_lose_nothing(tmp_path: Path, pragma: str, value: object) -> None:
    with fresh_storage("sqlite", tmp_path) as storage, storage.begin(write=False) as uow:
        assert uow.connection.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


@pytest.mark.postgres
def test_postgres_commits_synchronously_in_utc(tmp_path: Path) -> None:
    with fresh_storage("postgresql", tmp_path) as storage, storage.begin(write=False) as uow:
        settings = [
            uow.connection.execute(text(f"SHOW {name}")).scalar_one() for name in ("synchronous_commit", "TimeZone")
        ]
    assert settings == ["on", "UTC"]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[SqlStorage]:
    """Give a web storage on an SQLite file that the sidecar's storage has filled with one account."""
    with fresh_storage("sqlite", tmp_path) as full:
        user = make_user("ana")
        with full.begin() as uow:
            uow.users.add(user, None)
        account = add_account(full, user)
        with full.begin() as uow:
            waiting = make_credential(account, generation=2)
            uow.credentials.save_candidate(waiting, hint="9", duplicate_index="x", options={}, at=NOW)
        url = full.engine.url.render_as_string(hide_password=False)
        storage = SqlStorage(url, role="web", audit_chain=chain_for_tests)
        yield storage
        storage.dispose()


@pytest.mark.parametrize(
    ("column", "table"),
    [
        *((column, "exchange_accounts") for column in ("api_key", "secret_key", "passphrase", "*")),
        *((column, "credential_candidates") for column in ("api_key", "secret_key", "passphrase", "*")),
        *((column, "data_keys") for column in ("token", "*")),
        ("count(api_key)", "exchange_accounts"),
        ("length(token)", "data_keys"),
    ],
)
def test_the_web_role_reads_no_sealed_column(web: SqlStorage, column: str, table: str) -> None:
    with pytest.raises(DBAPIError, match="prohibited"), web.begin(write=False) as uow:
        uow.connection.execute(text(f"SELECT {column} FROM {table}"))  # noqa: S608 - names from the table above


def test_the_web_role_cannot_copy_a_sealed_column_out(web: SqlStorage) -> None:
    for statement in (
        "UPDATE exchange_accounts SET name = api_key",
        "INSERT INTO facts SELECT 'k', token FROM data_keys",
        "UPDATE exchange_accounts SET is_main = is_main WHERE api_key LIKE 'f1%'",
    ):
        with pytest.raises(DBAPIError, match="prohibited"), web.begin() as uow:
            uow.connection.execute(text(statement))


def test_the_web_role_cannot_load_credentials(web: SqlStorage) -> None:
    with web.begin(write=False) as uow:
        (account,) = uow.accounts.all(None)
    for load in ("load", "load_candidate"):
        with pytest.raises(DBAPIError, match="prohibited"), web.begin(write=False) as uow:
            getattr(uow.credentials, load)(account.id, account.user_id)


def test_the_web_role_writes_replaces_and_erases_credentials(web: SqlStorage) -> None:
    with web.begin() as uow:
        (client,) = uow.users.all()
        account = make_account(client)
        uow.accounts.add(account, make_credential(account), "index")
        for _ in range(2):
            waiting = make_credential(account, generation=2)
            uow.credentials.save_candidate(waiting, hint="9", duplicate_index="x", options={}, at=NOW)
        uow.credentials.erase(account.id, client.id)
        uow.accounts.remove(account, NOW)
    with web.begin(write=False) as uow:
        assert len(uow.accounts.all({client.id})) == 1


def test_a_scope_sees_nothing_of_another_client_whatever_it_asks_for(
    storage: SqlStorage, client: User, stranger: User
) -> None:
    account, own = add_account(storage, stranger), add_account(storage, client)
    with storage.begin() as uow:
        for each in (account, own):
            uow.readings.store(make_reading(each, ledger=(make_ledger(each),)))
        job = uow.jobs.add(make_job(account))
    with storage.begin(scope_of(client)) as uow:
        asked = [None, {stranger.id}, {stranger.id, client.id}]
        for clients in asked:
            assert uow.accounts.get(account.id, clients) is None
            assert account not in uow.accounts.all(clients)
            assert uow.readings.balances([account.id], clients) == []
            assert uow.jobs.get(job.id, clients) is None
            assert stranger not in uow.users.all(client_ids=clients)
        assert uow.accounts.all(None) == [own]
        assert uow.accounts.main_of(stranger.id) is None


@pytest.mark.parametrize(
    "act",
    [
        lambda uow, account: uow.accounts.update(account),
        lambda uow, account: uow.accounts.remove(account, NOW),
        lambda uow, account: uow.accounts.set_main(account.user_id, account.id, NOW),
        lambda uow, account: uow.credentials.erase(account.id, account.user_id),
        lambda uow, account: uow.jobs.add(make_job(account)),
        lambda uow, account: uow.syncing.make_due(account.id, account.user_id, NOW),
        lambda uow, account: uow.readings.store(make_reading(account)),
        lambda uow, account: uow.readings.add_history([make_point(account.id, account.user_id, NOW, 1.0)], []),
        lambda uow, account: uow.ledger.add([make_ledger(account)]),
    ],
)
def test_a_scope_writes_nothing_of_another_client(
    storage: SqlStorage, client: User, stranger: User, act: Callable[[SqlUnitOfWork, ExchangeAccount], object]
) -> None:
    account = add_account(storage, stranger)
    with pytest.raises(NotFoundError), storage.begin(scope_of(client)) as uow:
        act(uow, account)


def test_a_writer_of_a_file_has_its_turn_from_its_first_look_on(tmp_path: Path) -> None:
    with fresh_storage("sqlite", tmp_path) as storage, storage.begin() as uow:
        uow.facts.get("a")
        other = sqlite3.connect(str(storage.engine.url.database), isolation_level=None, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


@pytest.mark.postgres
def test_every_connection_to_a_server_waits_for_its_disk_whatever_the_server_is_set_to(tmp_path: Path) -> None:
    with fresh_url("postgresql", tmp_path) as url:
        first = SqlStorage(url, role="cli")
        with first.engine.begin() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar_one()
            connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
        first.dispose()
        for asked in (url, f"{url}&options=-c%20synchronous_commit%3Doff"):
            storage = SqlStorage(asked)
            with storage.begin(write=False) as uow:
                assert uow.connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
            storage.dispose()

"""PostgreSQL's own second line: roles, grants by column and row-level security on every tenant table."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from core.domain.types import ExchangeAccount, Role, Scope, User
from core.errors import ConfigurationError
from core.persistence import SqlStorage, migrate
from core.persistence.backup.contents import engine_of
from core.persistence.engine import SEALED_COLUMNS
from core.persistence.models import Base
from core.persistence.rights import NOT_OF_TENANTS, are_current, make_roles, owner_column
from core.persistence.schema import upgrade
from tests.core.persistence.makers import NOW, add_account, make_account, make_credential, make_user
from tests.core.persistence.statements import tenant_tables
from tests.databases import chain_for_tests, empty_url, fresh_url

pytestmark = pytest.mark.postgres
TENANT_TABLES = sorted(name for name, table in Base.metadata.tables.items() if owner_column(table))


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with fresh_url("postgresql", tmp_path) as made:
        yield made


@pytest.fixture
def full(url: str) -> Iterator[SqlStorage]:
    storage = SqlStorage(url, role="sync", audit_chain=chain_for_tests)
    yield storage
    storage.dispose()


@pytest.fixture
def web(url: str) -> Iterator[SqlStorage]:
    storage = SqlStorage(url, role="web", audit_chain=chain_for_tests)
    yield storage
    storage.dispose()


@pytest.fixture
def accounts(full: SqlStorage) -> tuple[ExchangeAccount, ExchangeAccount]:
    """Give an account of each of two clients."""
    users = make_user("ana"), make_user("bruno")
    with full.begin() as uow:
        for user in users:
            uow.users.add(user, None)
    first, second = (add_account(full, user) for user in users)
    with full.begin() as uow:
        waiting = make_credential(first, generation=2)
        uow.credentials.save_candidate(waiting, hint="9", duplicate_index="x", options={}, at=NOW)
    return first, second


def scope_of(*clients: UUID) -> Scope:
    return Scope(uuid4(), Role.CLIENT, frozenset(clients))


def everybody() -> Scope:
    return Scope(uuid4(), Role.ADMIN, None)


def seen(web: SqlStorage, scope: Scope | None) -> set[UUID]:
    """Ask without any filter, as a forgetful statement would."""
    with web.begin(scope, write=False) as uow:
        return set(uow.connection.execute(text("SELECT user_id FROM exchange_accounts")).scalars())


def test_a_statement_without_its_filter_sees_the_clients_of_its_scope_only(
    web: SqlStorage, accounts: tuple[ExchangeAccount, ExchangeAccount]
) -> None:
    ana, bruno = (account.user_id for account in accounts)
    assert seen(web, scope_of(ana)) == {ana}
    assert seen(web, scope_of(ana, bruno)) == {ana, bruno}
    assert seen(web, scope_of()) == seen(web, None) == seen(web, scope_of(uuid4())) == set()
    assert seen(web, everybody()) == {ana, bruno}
    assert seen(web, scope_of(bruno)) == {bruno}  # the same pooled connection: nothing stays of the scope before


def test_nothing_of_a_scope_is_left_on_the_connection(
    web: SqlStorage, accounts: tuple[ExchangeAccount, ExchangeAccount]
) -> None:
    with web.begin(everybody()) as uow:
        uow.connection.execute(text("SELECT 1"))
    with web.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM exchange_accounts")).scalar_one() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE exchange_accounts SET name = 'mine' WHERE user_id = :other",
        "DELETE FROM exchange_accounts WHERE user_id = :other",
        "UPDATE exchange_accounts SET name = 'mine'",
    ],
)
def test_a_foreign_row_is_not_there_to_be_changed(
    web: SqlStorage, full: SqlStorage, accounts: tuple[ExchangeAccount, ExchangeAccount], statement: str
) -> None:
    own, other = accounts
    with web.begin(scope_of(own.user_id)) as uow:
        found = uow.connection.execute(text(statement), {"other": other.user_id} if ":other" in statement else {})
        assert found.rowcount == (0 if ":other" in statement else 1)
    with full.begin(write=False) as uow:
        stored = uow.accounts.get(other.id, None)
        assert stored is not None and stored.name == other.name


def test_a_row_cannot_be_written_for_another_client(
    web: SqlStorage, accounts: tuple[ExchangeAccount, ExchangeAccount]
) -> None:
    own, other = accounts
    for statement in (
        "INSERT INTO data_keys (dek_id, client_id, kid, token, created_at) VALUES ('d', :other, 'k', 't', now())",
        "UPDATE exchange_accounts SET user_id = :other WHERE user_id = :own",
    ):
        with pytest.raises(DBAPIError, match="row-level security"), web.begin(scope_of(own.user_id)) as uow:
            values = {"other": other.user_id, "own": own.user_id}
            uow.connection.execute(text(statement), values if ":own" in statement else {"other": other.user_id})


@pytest.mark.parametrize(("table", "column"), sorted(SEALED_COLUMNS))
def test_the_web_role_reads_no_sealed_column_even_as_an_administrator(
    web: SqlStorage, accounts: tuple[ExchangeAccount, ExchangeAccount], table: str, column: str
) -> None:
    for chosen in (column, "*", f"count({column})"):
        with pytest.raises(DBAPIError, match="permission denied"), web.begin(everybody(), write=False) as uow:
            uow.connection.execute(text(f"SELECT {chosen} FROM {table}"))  # noqa: S608 - names from a fixed list


def test_web_learns_of_other_clients_only_that_a_key_is_in_use_and_the_next_number(
    web: SqlStorage, accounts: tuple[ExchangeAccount, ExchangeAccount]
) -> None:
    own, other = accounts
    with web.begin(scope_of(own.user_id), write=False) as uow:
        assert uow.accounts.key_holder(f"index-{other.id}") == other.id
        assert uow.accounts.get(other.id, None) is None
    third = make_account(make_user("ana", id=own.user_id))
    with web.begin(scope_of(own.user_id)) as uow:
        uow.accounts.add(third, make_credential(third), "index-3")  # its number follows those of all clients
        assert uow.accounts.get(third.id, None) == third


def test_no_role_of_a_process_changes_the_audit_log(web: SqlStorage, full: SqlStorage) -> None:
    for storage in (web, full):
        for statement in ("UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
            with pytest.raises(DBAPIError, match="permission denied"), storage.begin(everybody()) as uow:
                uow.connection.execute(text(statement))


@pytest.mark.parametrize("role", ["web", "sync"])
def test_a_process_changes_no_table_itself(url: str, role: str) -> None:
    storage = SqlStorage(url, role=role)
    for statement in ("ALTER TABLE balances DISABLE ROW LEVEL SECURITY", "DROP POLICY tenant ON balances",
                      "DROP TABLE balances", "SET ROLE postgres; DROP TABLE balances"):  # fmt: skip
        if not statement.startswith("SET"):
            with pytest.raises(DBAPIError, match="must be owner"), storage.begin() as uow:
                uow.connection.execute(text(statement))
    storage.dispose()


def test_every_tenant_table_forces_row_level_security(full: SqlStorage) -> None:
    query = text(
        "SELECT relname FROM pg_class c WHERE relrowsecurity AND relforcerowsecurity AND (SELECT count(*) "
        "FROM pg_policy WHERE polrelid = c.oid) = 3"
    )
    with full.begin(write=False) as uow:
        assert sorted(uow.connection.execute(query).scalars()) == TENANT_TABLES
    assert tenant_tables() - NOT_OF_TENANTS == set(TENANT_TABLES)


def test_no_role_of_a_process_is_above_the_rules(full: SqlStorage) -> None:
    query = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'ga\\_%' AND NOT (rolsuper OR rolbypassrls OR rolcanlogin)"
    with full.begin(write=False) as uow:
        assert set(uow.connection.execute(text(query)).scalars()) == {"ga_web", "ga_sync", "ga_backup"}


def test_the_backup_role_reads_every_row_and_writes_none(
    url: str, accounts: tuple[ExchangeAccount, ExchangeAccount]
) -> None:
    storage = SqlStorage(url, role="backup")
    with storage.begin(write=False) as uow:
        assert uow.connection.execute(text("SELECT count(api_key) FROM credential_candidates")).scalar_one() == 1
        assert uow.connection.execute(text("SELECT count(*) FROM exchange_accounts")).scalar_one() == 2
    with pytest.raises(DBAPIError, match="permission denied"), storage.begin() as uow:
        uow.connection.execute(text("DELETE FROM exchange_accounts"))
    storage.dispose()


def test_a_schema_without_its_rights_is_not_current_and_migrating_gives_them(tmp_path: Path) -> None:
    with empty_url("postgresql", tmp_path) as url:
        engine = create_engine(make_url(url))
        upgrade(engine)
        with engine.connect() as connection:
            assert not are_current(connection)
        storage = SqlStorage(url, role="web")
        assert not storage.schema_is_current()
        migrate(url)
        assert storage.schema_is_current()
        with engine.begin() as connection:
            connection.execute(text("REVOKE INSERT ON jobs FROM ga_web"))
        assert not storage.schema_is_current()
        migrate(url)
        assert storage.schema_is_current()
        storage.dispose()
        engine.dispose()


@contextmanager
def login_role(url: str, name: str, options: str) -> Iterator[str]:
    """Give out the URL of a database for a role of its own."""
    parsed = make_url(url)
    admin = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN {options}".encode())
        try:
            yield parsed.set(username=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP OWNED BY {name} CASCADE".encode())
            connection.execute(f"DROP ROLE {name}".encode())


def test_processes_may_sign_in_as_users_of_their_own(
    url: str, accounts: tuple[ExchangeAccount, ExchangeAccount]
) -> None:
    own, _ = accounts
    with login_role(url, "dashboard_web", "IN ROLE ga_web") as web_url:
        web = SqlStorage(web_url, role="web")
        assert seen(web, scope_of(own.user_id)) == {own.user_id}
        web.dispose()
        other = SqlStorage(web_url, role="sync")
        with pytest.raises(ConfigurationError, match="no roles for the processes"):
            other.ping()
        other.dispose()


def test_an_owner_who_is_no_superuser_migrates_and_works(tmp_path: Path) -> None:
    with empty_url("postgresql", tmp_path) as url, login_role(url, "dashboard_owner", "CREATEROLE") as owner_url:
        admin = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with engine_of(url) as engine, engine.begin() as by_superuser:
            make_roles(by_superuser)
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(b"GRANT CREATE, USAGE ON SCHEMA public TO dashboard_owner")
            connection.execute(b"GRANT ga_web, ga_sync, ga_backup TO dashboard_owner")
        migrate(owner_url)
        owner, web = (SqlStorage(owner_url, role=role, audit_chain=chain_for_tests) for role in ("cli", "web"))
        user: User = make_user("ana")
        with owner.begin() as uow:
            uow.users.add(user, None)
        account = add_account(owner, user)
        assert seen(web, scope_of(user.id)) == {account.user_id}
        assert seen(web, None) == set()
        with owner.begin(write=False) as uow:
            assert uow.accounts.all(None) == [account]
        owner.dispose()
        web.dispose()

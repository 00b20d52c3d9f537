"""Migrations run from nothing on both databases and lead to exactly the models."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from core.errors import ConfigurationError, ConflictError, StorageUnavailableError
from core.persistence import SqlStorage, backup_path, migrate
from core.persistence.models import Base
from core.persistence.schema import head, make_config
from tests.core.persistence.makers import make_user
from tests.databases import empty_url, fresh_storage, fresh_url

APPEND = (
    "INSERT INTO audit_log (seq, at, action, object_type, object_id, ip, prev_hash, hash, mac) "
    "VALUES (1, '2026-01-01 00:00:00.000000', 'a', 'b', 'c', '', '', '', '')"
)


def test_there_is_a_single_head() -> None:
    assert len(ScriptDirectory.from_config(make_config()).get_heads()) == 1


def test_migrating_from_nothing_gives_the_models(backend: str, tmp_path: Path) -> None:
    with empty_url(backend, tmp_path) as url:
        assert migrate(url) == head()
        storage = SqlStorage(url)
        with storage.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
        assert storage.schema_is_current()
        storage.dispose()


def test_migrating_twice_changes_nothing(backend: str, tmp_path: Path) -> None:
    with fresh_url(backend, tmp_path) as url:
        assert migrate(url) == head()


def test_a_database_without_tables_is_not_current(backend: str, tmp_path: Path) -> None:
    with empty_url(backend, tmp_path) as url:
        storage = SqlStorage(url)
        assert not storage.schema_is_current()
        storage.dispose()


def test_opening_a_storage_never_creates_the_file(tmp_path: Path) -> None:
    storage = SqlStorage(f"sqlite:///{tmp_path / 'absent.db'}")
    with pytest.raises(StorageUnavailableError):
        storage.ping()
    assert not (tmp_path / "absent.db").exists()


def test_a_new_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "new.db"
    migrate(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_is_copied_before_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with fresh_url("sqlite", tmp_path) as url:
        Path(url.removeprefix("sqlite:///")).rename(path)
    storage = SqlStorage(f"sqlite:///{path}")
    with storage.begin() as uow:
        uow.users.add(make_user("ana"), None)
    with storage.begin() as uow:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in FIRST_TABLES:
                uow.connection.execute(text(f'DROP TABLE "{table.name}"'))
        uow.connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    storage.dispose()

    migrate(f"sqlite:///{path}")

    copy = SqlStorage(f"sqlite:///{backup_path(path, '0001')}")
    with copy.begin(write=False) as uow:
        assert [user.login for user in uow.users.all()] == ["ana"]
    assert not copy.schema_is_current()
    copy.dispose()


FIRST_TABLES = {
    *("users", "login_sessions", "one_time_links", "sign_in_attempts", "data_keys", "key_checks"),
    *("exchange_accounts", "credential_candidates"),
}


@pytest.mark.parametrize("act", ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log"])
def test_the_database_refuses_to_change_audited_acts(backend: str, tmp_path: Path, act: str) -> None:
    with fresh_storage(backend, tmp_path, role="cli") as storage:
        with storage.begin() as uow:
            uow.connection.execute(text(APPEND))
        with pytest.raises(ConflictError), storage.begin() as uow:
            uow.connection.execute(text(act))
        with storage.begin(write=False) as uow:
            assert uow.connection.execute(text("SELECT action FROM audit_log")).scalar_one() == "a"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "nonsense"])
def test_a_url_of_another_database_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        SqlStorage(url)


def test_a_url_may_leave_the_driver_out() -> None:
    storage = SqlStorage("postgresql://someone@localhost/x")
    assert storage.engine.url.drivername == "postgresql+psycopg"
    storage.dispose()

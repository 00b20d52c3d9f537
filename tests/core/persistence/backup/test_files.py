"""A database goes into one file and comes back with every row, on both databases and in every kind of file."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text

from core.errors import StorageUnavailableError
from core.persistence import SqlStorage, migrate
from core.persistence.backup import (
    Contents,
    Kind,
    UnusableBackupError,
    dump,
    faults_of,
    has_data,
    is_in_use,
    load,
    postgres,
    read_contents,
)
from core.persistence.backup.contents import engine_of
from core.persistence.backup.postgres import empty, may_make_databases, scratch_database
from core.ports import AuditEntry
from tests.core.persistence.makers import NOW, add_account, make_ledger, make_position, make_reading, make_user
from tests.databases import BINARIES, chain_for_tests, empty_url, fresh_url

KINDS = [
    Kind.SQLITE,
    pytest.param(Kind.PG_DUMP, marks=pytest.mark.postgres),
    pytest.param(Kind.ROWS, marks=pytest.mark.postgres),
]


def backend_of(kind: Kind) -> str:
    return "sqlite" if kind is Kind.SQLITE else "postgresql"


def tools_for(kind: Kind, folder: Path) -> Path:
    return BINARIES if kind is Kind.PG_DUMP else folder


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return Kind(request.param)


@pytest.fixture
def url(kind: Kind, tmp_path: Path) -> Iterator[str]:
    """Give a database with a client, an account, a reading and an audited act."""
    with fresh_url(backend_of(kind), tmp_path) as made:
        fill(made)
        yield made


def fill(url: str) -> None:
    storage = SqlStorage(url, role="cli", audit_chain=chain_for_tests)
    client = make_user("ana", name='Ana\t\\N "ção"\n\'')
    with storage.begin() as uow:
        uow.users.add(client, None)
    account = add_account(storage, client)
    rows = tuple(make_ledger(account, f"k{number}") for number in range(50))
    reading = make_reading(account, ledger=rows, positions=(make_position(account),), fresh_wallets=("spot", "futures"))
    with storage.begin() as uow:
        uow.readings.store(reading)
        uow.audit.append(AuditEntry(NOW, None, "tested", "backup", "1", details={"a": "b"}))
    storage.dispose()


def all_rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    with engine_of(url) as engine, engine.connect() as connection:
        found = MetaData()
        found.reflect(connection)
        return {
            name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
            for name, table in found.tables.items()
        }


def test_every_row_comes_back(kind: Kind, url: str, tmp_path: Path) -> None:
    path, contents = dump(url, tmp_path / "made", bin_dir=tools_for(kind, tmp_path))
    assert path == tmp_path / f"made.{kind}"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (contents.counts["users"], contents.counts["ledger_entries"]) == (1, 50)
    with empty_url(backend_of(kind), tmp_path) as other:
        load(path, other, bin_dir=tools_for(kind, tmp_path))
        assert all_rows(other) == all_rows(url)
        assert read_contents(other) == contents == read_contents(url)
        assert faults_of(other) == []
        migrate(other)  # on PostgreSQL: a backup holds no grants
        storage = SqlStorage(other, audit_chain=chain_for_tests)
        assert storage.schema_is_current()
        with storage.begin() as uow:
            uow.audit.append(AuditEntry(NOW, None, "restored", "backup", "1"))
        storage.dispose()


def test_nothing_half_made_is_left_where_there_is_no_room_for_it(kind: Kind, url: str, tmp_path: Path) -> None:
    with pytest.raises((StorageUnavailableError, OSError)):
        dump(url, tmp_path / "absent" / "made", bin_dir=tools_for(kind, tmp_path))
    assert list(tmp_path.glob("**/*.partial")) == []


def test_a_file_is_loaded_into_its_own_kind_of_database_only(kind: Kind, url: str, tmp_path: Path) -> None:
    path, _ = dump(url, tmp_path / "made", bin_dir=tools_for(kind, tmp_path))
    other = "postgresql://nobody@127.0.0.1:1/none" if kind is Kind.SQLITE else f"sqlite:///{tmp_path / 'other.db'}"
    with pytest.raises(UnusableBackupError, match="kind of database"):
        load(path, other)
    with pytest.raises(UnusableBackupError, match="is no backup"):
        load(tmp_path / "made.txt", other)


def test_a_cut_file_loads_nothing(kind: Kind, url: str, tmp_path: Path) -> None:
    path, _ = dump(url, tmp_path / "made", bin_dir=tools_for(kind, tmp_path))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with empty_url(backend_of(kind), tmp_path) as other:
        try:
            load(path, other, bin_dir=tools_for(kind, tmp_path))
            faults = faults_of(other)
        except (UnusableBackupError, StorageUnavailableError) as e:
            faults = [str(e)]
        assert faults != []


@pytest.mark.postgres
def test_a_zip_of_a_newer_schema_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("backup.json", '{"revision": "9999", "tables": [], "counts": {}}')
    with empty_url("postgresql", tmp_path) as url:
        with pytest.raises(UnusableBackupError, match="9999"):
            load(path, url)
        assert read_contents(url) == Contents(None, {})


@pytest.mark.postgres
def test_a_database_is_emptied_of_all_that_migrations_make(tmp_path: Path) -> None:
    with fresh_url("postgresql", tmp_path) as url:
        fill(url)
        empty(url)
        assert read_contents(url) == Contents(None, {})
        migrate(url)
        assert not has_data(read_contents(url))


@pytest.mark.postgres
def test_a_scratch_database_is_gone_afterwards(tmp_path: Path) -> None:
    with fresh_url("postgresql", tmp_path) as url:
        assert may_make_databases(url)
        with scratch_database(url, "ga_verify_test") as scratch:
            assert read_contents(scratch) == Contents(None, {})
        with engine_of(url) as engine, engine.connect() as connection:
            names = connection.execute(text("SELECT datname FROM pg_database")).scalars().all()
        assert "ga_verify_test" not in names


@pytest.mark.postgres
def test_the_tools_get_a_password_by_a_file_and_not_by_their_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "pg_restore"
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\nfor a; do case "$a" in --dbname=*) d="$a";; esac; done\n'
                    f"cat \"$(echo \"$d\" | sed 's/.*passfile=\\([^ ]*\\).*/\\1/')\" > {tmp_path}/pass\n")  # fmt: skip
    tool.chmod(0o700)
    postgres.load(tmp_path / "made.dump", "postgresql://ana:se:cret@127.0.0.1:5/none", tmp_path)
    assert "cret" not in (tmp_path / "said").read_text()
    assert "user=ana" in (tmp_path / "said").read_text()
    assert (tmp_path / "pass").read_text() == "*:*:*:*:se\\:cret\n"


def test_a_database_that_somebody_works_with_is_in_use(kind: Kind, url: str) -> None:
    assert not is_in_use(url)
    storage = SqlStorage(url, role="cli")
    storage.ping()
    assert is_in_use(url)
    storage.dispose()
    assert not is_in_use(url)


def test_an_absent_file_holds_nothing_and_is_not_in_use(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'absent.db'}"
    assert read_contents(url) == Contents(None, {})
    assert not is_in_use(url)
    assert not has_data(read_contents(url))
    assert not (tmp_path / "absent.db").exists()


def test_rows_without_their_parents_are_a_fault(tmp_path: Path) -> None:
    with fresh_url("sqlite", tmp_path) as url:
        fill(url)
        with engine_of(url) as engine, engine.begin() as connection:
            connection.execute(text("DELETE FROM exchange_accounts"))
        assert any("without their parents" in fault for fault in faults_of(url))

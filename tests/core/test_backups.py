"""The operator makes, proves and restores backups; what could hurt is refused with what to do instead."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core import bootstrap
from core.__main__ import main
from core.bootstrap import backups
from core.cli.diagnosis import diagnose
from core.config import Settings, load_settings
from core.errors import ConflictError, StorageUnavailableError
from core.persistence.backup import UnusableBackupError
from core.persistence.backup.shelf import note_path
from core.ports import LoginSession
from core.services.backups import read_backup_health
from tests.core.persistence.makers import make_session, make_user
from tests.databases import BACKENDS, BINARIES, empty_url, fresh_url
from tests.torture.migration import OLD, make_old

BACKEND_PARAMS = [pytest.param(name, marks=pytest.mark.postgres) if name == "postgresql" else name for name in BACKENDS]
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture(params=BACKEND_PARAMS)
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Give an installation with keys and a person, on each database."""
    with fresh_url(str(request.param), tmp_path) as url:
        yield furnish(url, tmp_path, monkeypatch)


@pytest.fixture
def on_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Give an installation with keys and a person, on SQLite."""
    with fresh_url("sqlite", tmp_path) as url:
        yield furnish(url, tmp_path, monkeypatch)


def furnish(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    values = {"DATA_DIR": str(folder / "data"), "DATABASE_URL": url, "PG_BIN_DIR": str(BINARIES)}
    for name, value in values.items():
        monkeypatch.setenv(f"GA_{name}", value)
    made = load_settings()
    bootstrap.initialise(made)
    add_person(made, "ana")
    return made


def add_person(settings: Settings, login: str) -> None:
    with bootstrap.using_storage(settings) as storage, storage.begin() as uow:
        uow.users.add(make_user(login), None)


def logins(settings: Settings) -> set[str]:
    with bootstrap.using_storage(settings) as storage, storage.begin(write=False) as uow:
        return {user.login for user in uow.users.all()}


def test_a_backup_brings_back_what_was_there_and_keeps_what_it_replaces(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup"]) == 0
    (made,) = backups.list_backups(settings)
    add_person(settings, "bruno")

    assert main(["restore", made.path.name]) == 1
    assert "--replace" in capsys.readouterr().err
    assert logins(settings) == {"ana", "bruno"}

    assert main(["restore", made.path.name, "--replace"]) == 0
    assert logins(settings) == {"ana"}
    newest, _ = backups.list_backups(settings)
    assert f"kept in {newest.path}" in capsys.readouterr().out
    bootstrap.build_sync(settings).storage.dispose()

    assert main(["restore", newest.path.name, "--replace"]) == 0
    assert logins(settings) == {"ana", "bruno"}


def test_a_restore_ends_every_sign_in_and_is_audited(on_sqlite: Settings) -> None:
    session: LoginSession | None = None
    with bootstrap.using_storage(on_sqlite) as storage, storage.begin() as uow:
        (user,) = uow.users.all()
        now = bootstrap.utc_now()
        session = make_session(user, created_at=now, seen_at=now, authenticated_at=now, expires_at=now + DAY)
        uow.sessions.add(session)
    made, _ = backups.make_backup(on_sqlite, bootstrap.utc_now())
    backups.restore_backup(on_sqlite, made.path, bootstrap.utc_now(), replace=True)
    with bootstrap.using_storage(on_sqlite) as storage, storage.begin(write=False) as uow:
        found = uow.sessions.by_id(session.id)
        actions = [entry.action for entry, _ in uow.audit.rows()]
    assert found is None or found[0].revoked_at is not None
    assert actions[-1] == backups.RESTORED


def test_a_backup_is_unverified_until_it_was_restored_and_compared(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backup_finding(settings) == ("warning", "there is none: run `python -m core backup` every hour")
    assert main(["backup"]) == 0
    assert main(["backup", "list"]) == 0
    assert "unverified" in capsys.readouterr().out
    state, detail = backup_finding(settings)
    assert (state, "backup verify" in detail) == ("warning", True)

    assert main(["backup", "verify"]) == 0
    assert "the vault's keys open it" in capsys.readouterr().out
    (verified,) = backups.list_backups(settings)
    assert (verified.verified_at is not None, verified.keys_opened) == (True, True)
    assert backup_finding(settings)[0] == "ok"
    with bootstrap.using_storage(settings) as storage:
        health = read_backup_health(storage)
    now = bootstrap.utc_now()
    assert (health.is_verified, health.problem(now), health.problem(now + 3 * DAY)) == (True, None, "backup_old")


def backup_finding(settings: Settings) -> tuple[str, str]:
    return next((finding.state, finding.detail) for finding in diagnose(settings) if finding.subject == "backups")


def test_no_backup_holds_a_key(on_sqlite: Settings) -> None:
    made, _ = backups.make_backup(on_sqlite, bootstrap.utc_now())
    content = made.path.read_bytes() + note_path(made.path).read_bytes()
    for path in (on_sqlite.vault_private_keys_file, on_sqlite.app_key_file):
        assert path.read_bytes().strip() not in content
    assert b"vsk1." not in content
    with pytest.raises(ConflictError, match="one folder"):
        backups.make_backup(on_sqlite, bootstrap.utc_now(), folder=on_sqlite.app_key_file.parent)


def test_a_damaged_backup_is_named_and_never_restored(on_sqlite: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    made, _ = backups.make_backup(on_sqlite, bootstrap.utc_now())
    content = bytearray(made.path.read_bytes())
    content[len(content) // 2] ^= 1
    made.path.write_bytes(content)
    for command in (["backup", "verify"], ["restore", made.path.name, "--replace"]):
        assert main(command) == 1
        assert "is damaged" in capsys.readouterr().err
    assert main(["backup", "list"]) == 0
    assert "FAILED" in capsys.readouterr().out
    assert logins(on_sqlite) == {"ana"}


def test_a_backup_that_is_noted_with_other_rows_fails(on_sqlite: Settings) -> None:
    made, _ = backups.make_backup(on_sqlite, bootstrap.utc_now())
    note = note_path(made.path)
    note.write_text(note.read_text().replace('"users": 1', '"users": 2'))
    with pytest.raises(UnusableBackupError, match="users"):
        backups.verify_backup(on_sqlite, made.path, bootstrap.utc_now())


def test_a_backup_of_other_keys_fails_and_one_without_keys_at_hand_says_so(on_sqlite: Settings) -> None:
    made, _ = backups.make_backup(on_sqlite, bootstrap.utc_now())
    own = on_sqlite.vault_private_keys_file
    own.rename(own.with_name("away"))
    assert not backups.verify_backup(on_sqlite, made.path, bootstrap.utc_now()).keys_opened
    other = load_settings({"GA_DATA_DIR": str(on_sqlite.data_dir / "other")})
    bootstrap.initialise(other)
    shutil.copy(other.vault_private_keys_file, own)
    with pytest.raises(UnusableBackupError, match="do not open"):
        backups.verify_backup(on_sqlite, made.path, bootstrap.utc_now())


def test_a_database_that_is_worked_with_is_not_replaced(settings: Settings) -> None:
    made, _ = backups.make_backup(settings, bootstrap.utc_now())
    web = bootstrap.build_web(settings)
    web.storage.ping()
    with pytest.raises(ConflictError, match="stop web"):
        backups.restore_backup(settings, made.path, bootstrap.utc_now(), replace=True)
    web.storage.dispose()


def test_a_file_that_cannot_be_loaded_costs_nothing_of_what_is_there(settings: Settings) -> None:
    made, _ = backups.make_backup(settings, bootstrap.utc_now())
    note_path(made.path).unlink()
    made.path.write_bytes(made.path.read_bytes()[:5000])
    with pytest.raises(UnusableBackupError):
        backups.restore_backup(settings, made.path, bootstrap.utc_now(), replace=True)
    assert logins(settings) == {"ana"}


def test_an_empty_installation_needs_no_word_to_be_restored_into(settings: Settings, tmp_path: Path) -> None:
    made, _ = backups.make_backup(settings, bootstrap.utc_now(), folder=tmp_path / "elsewhere")
    backend = "sqlite" if settings.is_sqlite else "postgresql"
    with empty_url(backend, tmp_path) as url:
        other = settings.model_copy(update={"database_url": url})
        restored = backups.restore_backup(other, made.path, bootstrap.utc_now())
        assert restored.before is None
        assert logins(other) == {"ana"}


def test_a_backup_made_while_a_writer_writes_is_whole(settings: Settings) -> None:
    code = (
        "import itertools, sys; from core import bootstrap; from core.config import load_settings\n"
        "storage = bootstrap.open_storage(load_settings())\n"
        "for number in itertools.count():\n"
        "    with storage.begin() as uow: uow.facts.set(f'k{number}', 'v' * 500)\n"
        "    if number == 5: print('on', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        made, _ = backups.make_backup(settings, bootstrap.utc_now())
        verified = backups.verify_backup(settings, made.path, bootstrap.utc_now())
        assert writer.poll() is None
        writer.kill()
    assert verified.verified_at is not None
    assert verified.counts["facts"] >= 5


@pytest.mark.postgres
def test_a_server_s_data_is_backed_up_before_its_schema_changes(tmp_path: Path) -> None:
    with empty_url("postgresql", tmp_path) as url:
        values = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": url, "PG_BIN_DIR": str(BINARIES)}
        settings = load_settings({f"GA_{name}": value for name, value in values.items()})
        make_old(url)
        bootstrap.migrate_database(settings)
        (made,) = backups.list_backups(settings)
        assert (made.revision, made.counts["users"]) == (OLD, 1)
        bootstrap.migrate_database(settings)
        assert len(backups.list_backups(settings)) == 1
        assert logins(settings) == {"ana"}


def test_there_is_nothing_to_back_up_before_init(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = load_settings({"GA_DATA_DIR": str(tmp_path / "none")})
    with pytest.raises(StorageUnavailableError, match="core init"):
        backups.make_backup(empty, bootstrap.utc_now())


def test_a_restore_refuses_while_a_sidecar_holds_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GA_DATA_DIR", str(tmp_path))
    code = (
        "import pathlib, sys; from core.sync.lock import take_lock\n"
        "print(take_lock(pathlib.Path(sys.argv[1])), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        assert main(["restore", "any.db"]) == 1
        holder.kill()
    assert "a sidecar is running" in capsys.readouterr().err


def test_a_backup_on_sqlite_is_a_database_anybody_can_open(tmp_path: Path) -> None:
    settings = load_settings({"GA_DATA_DIR": str(tmp_path)})
    bootstrap.initialise(settings)
    made, _ = backups.make_backup(settings, bootstrap.utc_now())
    connection = sqlite3.connect(made.path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()

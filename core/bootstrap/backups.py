"""What the command line does with backups: make, verify, restore; keys are looked at only to prove that they fit."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from core.bootstrap.adapters import AuditChain
from core.bootstrap.erasing import apply_erasures
from core.bootstrap.parts import load_private_keys, using_storage
from core.config import Settings
from core.errors import ConflictError, PlatformError, StorageUnavailableError, VaultLockedError
from core.persistence import SqlStorage, backup, migrate
from core.persistence.backup import Backup, Keep, Shelf, UnusableBackupError
from core.persistence.backup.postgres import empty, may_make_databases, scratch_database
from core.persistence.backup.shelf import digest, read_note
from core.ports import AuditEntry, Storage
from core.security import keyfiles
from core.security.audit import ChainedEntry, find_first_bad
from core.security.keyring import check_keys
from core.services import backups as record

__all__ = ["Backup", "Restored", "find_backup", "list_backups", "make_backup", "restore_backup", "verify_backup"]

RESTORED = "backup.restored"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: rows by table, and where the data that was there before is kept."""

    rows: int
    before: Path | None


def make_backup(settings: Settings, now: datetime, *, folder: Path | None = None) -> tuple[Backup, list[Path]]:
    """Write a backup into the folder and delete those that need not be kept; return it and what was deleted.

    Raises:
        ConflictError: the folder is the one of the keys.
        StorageUnavailableError: the database is absent or down, or there is no room.
    """
    shelf = Shelf(folder or settings.backup_dir)
    _refuse_key_folder(settings, shelf.folder)
    if backup.read_contents(settings.database_url).revision is None:
        raise StorageUnavailableError("there is no database to back up: run `python -m core init` first")
    path, contents = backup.dump(settings.database_url, shelf.new_target(now), bin_dir=settings.pg_bin_dir)
    made = shelf.add(path, contents, now)
    if folder is None:
        with using_storage(settings) as storage:
            if storage.schema_is_current():
                record.note_made(storage, now)
    return made, shelf.prune(Keep(settings.backup_keep_hourly, settings.backup_keep_daily), now)


def find_backup(settings: Settings, name: str) -> Path:
    """Return the file of this name in the folder of backups, or the path itself where it names one elsewhere."""
    return Shelf(settings.backup_dir).find(name)


def list_backups(settings: Settings, folder: Path | None = None) -> list[Backup]:
    """Return the backups in the folder, the newest first."""
    return Shelf(folder or settings.backup_dir).all()


def verify_backup(settings: Settings, path: Path, now: datetime) -> Backup:
    """Restore a backup into a temporary place, compare it with its note, and note the outcome.

    Looked at: the file's digest, the database's own integrity, the number of rows of every table, the audit chain and
    the key checks (where the keys are at hand), and whether this program's migrations lead on from it.

    Raises:
        UnusableBackupError: it cannot be restored, or something else came out; noted on the backup too.
    """
    noted = read_note(path)
    if noted is None:
        raise UnusableBackupError(f"{path.name} has no note: {path.name}.json must lie beside it to be compared with")
    shelf = Shelf(path.parent)
    try:
        keys_opened = _prove(settings, noted)
    except UnusableBackupError as e:
        shelf.mark(noted, at=now, keys_opened=False, problem=str(e))
        raise
    marked = shelf.mark(noted, at=now, keys_opened=keys_opened)
    if path.parent.resolve() == settings.backup_dir.resolve():
        _note_verified(settings, marked, now)
    return marked


def restore_backup(settings: Settings, path: Path, now: datetime, *, replace: bool = False) -> Restored:
    """Put a backup in the place of the database, bring it to the newest schema, and end all sign-ins.

    Raises:
        ConflictError: somebody works with the database, or it holds data and `replace` is not given.
        UnusableBackupError: the file is damaged, of the other database, or newer than this program.
    """
    url = settings.database_url
    noted = read_note(path)
    if not path.is_file():
        raise UnusableBackupError(f"there is no file {path}")
    if noted is not None and digest(path) != noted.sha256:
        raise UnusableBackupError(f"{path.name} is damaged: its digest is not the one noted when it was made")
    if backup.is_in_use(url):
        raise ConflictError("somebody works with the database: stop web, sidecar and other programs on it, then again")
    holds_data = backup.has_data(_contents_or_nothing(url))
    if holds_data and not replace:
        raise ConflictError("the database holds data already: give --replace to put the backup in its place")
    if settings.is_sqlite or may_make_databases(url):
        with _scratch(settings) as trial:  # a file that cannot be loaded must not cost what is there
            _load(settings, path, trial)
    kept = None
    if holds_data:
        shelf = Shelf(settings.backup_dir)
        kept, contents = backup.dump(url, shelf.new_target(now), bin_dir=settings.pg_bin_dir)
        shelf.add(kept, contents, now)
    if not settings.is_sqlite:
        empty(url)
    backup.load(path, url, bin_dir=settings.pg_bin_dir)
    rows = sum(backup.read_contents(url).counts.values())
    migrate(url)
    apply_erasures(settings, now)
    with using_storage(settings) as storage:
        after_restore(storage, path.name, now, can_audit=settings.app_key_file.exists())
    return Restored(rows, kept)


def after_restore(storage: Storage, name: str, now: datetime, *, can_audit: bool) -> None:
    """Undo what must not come back with old data, before any process starts: sign-ins that were ended since."""
    with storage.begin() as uow:
        for user in uow.users.all():
            uow.sessions.revoke_all(user.id, now)
        if can_audit:
            uow.audit.append(AuditEntry(now, None, RESTORED, "backup", name))


def _prove(settings: Settings, noted: Backup) -> bool:
    """Restore a backup and compare; return whether the vault's keys opened its key checks."""
    if not noted.path.is_file() or digest(noted.path) != noted.sha256:
        raise UnusableBackupError(f"{noted.path.name} is damaged: its digest is not the one noted when it was made")
    with _scratch(settings) as url:
        _load(settings, noted.path, url)
        found = backup.read_contents(url)
        if found.revision != noted.revision or dict(found.counts) != dict(noted.counts):
            differing = [name for name in noted.counts if found.counts.get(name) != noted.counts[name]]
            raise UnusableBackupError(f"{noted.path.name} restores to other rows than it was made of: {differing}")
        migrate(url)
        return _look_inside(settings, url, noted.path.name)


def _look_inside(settings: Settings, url: str, name: str) -> bool:
    has_app_key = settings.app_key_file.exists()
    app_key = keyfiles.load_app_key(settings.app_key_file) if has_app_key else None
    storage = SqlStorage(url, role="cli", audit_chain=AuditChain(app_key) if app_key else None)
    try:
        with storage.begin(write=False) as uow:
            kids, checks = uow.credentials.kids_in_use(), uow.credentials.key_checks()
            if app_key is not None:
                rows = (ChainedEntry(seq, entry, *link) for entry, (seq, *link) in uow.audit.rows())
                bad = find_first_bad(rows, app_key)
                if bad is not None:
                    raise UnusableBackupError(f"the audit log in {name} was changed at row {bad}")
    finally:
        storage.dispose()
    if not settings.vault_private_keys.get_secret_value() and not settings.vault_private_keys_file.exists():
        return False
    try:
        check_keys(load_private_keys(settings), kids, checks)
    except VaultLockedError as e:
        raise UnusableBackupError(f"the vault keys at hand do not open {name}: {e}") from e
    return True


def _load(settings: Settings, path: Path, url: str) -> None:
    """Load a backup and let the database look at it.

    Raises:
        UnusableBackupError: it does not load, is damaged, or is newer than this program.
    """
    try:
        backup.load(path, url, bin_dir=settings.pg_bin_dir)
        revision = backup.read_contents(url).revision
        faults = backup.faults_of(url)
    except UnusableBackupError:
        raise
    except (PlatformError, OSError, ValueError) as e:
        raise UnusableBackupError(f"{path.name} cannot be restored: {e}") from e
    if faults:
        raise UnusableBackupError(f"{path.name} is damaged: {faults[0]}")
    if not backup.known_revision(revision):
        raise UnusableBackupError(f"{path.name} is of a newer program: update the program to the one that made it")


@contextmanager
def _scratch(settings: Settings) -> Iterator[str]:
    """Give out the URL of an empty database of the installation's kind that goes at the end."""
    if not settings.is_sqlite:
        with scratch_database(settings.database_url, f"ga_verify_{uuid4().hex[:12]}") as url:
            yield url
        return
    folder = Path(tempfile.mkdtemp(prefix="ga-verify-"))  # mkdtemp: for its owner only
    try:
        yield f"sqlite:///{folder / 'restored.db'}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _contents_or_nothing(url: str) -> backup.Contents:
    """Return what is in the way of a restore; a damaged file holds nothing that could be kept."""
    try:
        return backup.read_contents(url)
    except StorageUnavailableError:
        return backup.Contents(None, {})


def _note_verified(settings: Settings, verified: Backup, now: datetime) -> None:
    with using_storage(settings) as storage:
        if storage.schema_is_current():
            record.note_verified(storage, verified.made_at, now)


def _refuse_key_folder(settings: Settings, folder: Path) -> None:
    keys = {path.parent.resolve() for path in (settings.app_key_file, settings.vault_private_keys_file)}
    if folder.resolve() in keys:
        raise ConflictError("backups and keys must not lie in one folder: whoever has both can open the keys")

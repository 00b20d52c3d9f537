"""Write a database into one file and load it again: SQLite's own copy, pg_dump, or rows as COPY writes them."""

import os
import sqlite3
from enum import StrEnum
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from core.errors import StorageUnavailableError
from core.persistence.backup import postgres, rows
from core.persistence.backup.contents import Contents, UnusableBackupError, engine_of, read_contents
from core.persistence.engine import parse_url, sqlite_path
from core.persistence.schema import make_config

GROWING = ("ledger_entries", "audit_log")


class Kind(StrEnum):
    """What a backup file is; the value is how its name ends."""

    SQLITE = "db"
    PG_DUMP = "dump"
    ROWS = "zip"


def dump(url: str, target: Path, *, bin_dir: Path | None = None) -> tuple[Path, Contents]:
    """Write the database into `target` plus the ending of its kind, durably and for its owner only.

    Returns:
        The file and what it holds, counted in the very state that was copied.

    Raises:
        StorageUnavailableError: the database is absent, down or damaged, or there is no room.
    """
    kind = _kind_for(url, bin_dir)
    path = target.with_name(f"{target.name}.{kind}")
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        contents = _write(url, partial, kind, bin_dir)
        sync_file(partial)
        partial.replace(path)
    except OSError as e:
        raise StorageUnavailableError(f"the backup cannot be written: {e.strerror}") from e
    finally:
        partial.unlink(missing_ok=True)
    sync_file(path.parent)
    return path, contents


def load(path: Path, url: str, *, bin_dir: Path | None = None) -> None:
    """Load a backup into an empty database, at the revision it was made at; an SQLite file is put in place whole.

    Raises:
        UnusableBackupError: it is of the other database, or newer than this program.
    """
    kind = kind_of(path)
    file = sqlite_path(parse_url(url))
    if (kind is Kind.SQLITE) != (file is not None):
        raise UnusableBackupError(f"{path.name} is not a backup of this kind of database; check GA_DATABASE_URL")
    if file is not None:
        _put_in_place(path, file)
    elif kind is Kind.PG_DUMP:
        postgres.prepare(url)
        postgres.load(path, url, bin_dir)
    else:
        rows.load(path, url, require_known)


def kind_of(path: Path) -> Kind:
    """Return the kind that a backup's name tells.

    Raises:
        UnusableBackupError: it is none.
    """
    try:
        return Kind(path.suffix.removeprefix("."))
    except ValueError:
        raise UnusableBackupError(f"{path.name} is no backup: its name ends in none of .db, .dump, .zip") from None


def known_revision(revision: str | None) -> bool:
    """Tell whether this program's migrations lead on from a revision."""
    try:
        return revision is not None and ScriptDirectory.from_config(make_config()).get_revision(revision) is not None
    except CommandError:
        return False


def require_known(revision: str | None) -> None:
    """Refuse a backup of a schema that this program does not know.

    Raises:
        UnusableBackupError: it is of a newer program, or holds no schema at all.
    """
    if not known_revision(revision):
        raise UnusableBackupError(f"its schema {revision} is unknown: update the program to the one that made it")


def sync_file(path: Path) -> None:
    """Have the disk keep a file's bytes, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _kind_for(url: str, bin_dir: Path | None) -> Kind:
    if sqlite_path(parse_url(url)) is not None:
        return Kind.SQLITE
    return Kind.PG_DUMP if postgres.can_dump(url, bin_dir) else Kind.ROWS


def _write(url: str, target: Path, kind: Kind, bin_dir: Path | None) -> Contents:
    if kind is Kind.PG_DUMP:
        return postgres.dump(url, target, bin_dir)
    if kind is Kind.ROWS:
        return rows.dump(url, target)
    before = read_contents(url)
    with engine_of(url) as engine:
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("VACUUM INTO ?", (str(target),))
        except sqlite3.Error as e:
            raise StorageUnavailableError(f"the backup cannot be written: {e}") from e
        finally:
            raw.close()
    found = read_contents(f"sqlite:///{target}")
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    if any(found.counts.get(name, 0) < before.counts.get(name, 0) for name in GROWING):
        raise StorageUnavailableError("the copy holds less than the database")
    return found


def _put_in_place(path: Path, file: Path) -> None:
    """Put a copy where the database lies, in one step; its WAL was folded in when its use was looked at."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.restoring")
    descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with path.open("rb") as source, os.fdopen(descriptor, "wb") as copy:
        while block := source.read(1 << 20):
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    partial.replace(file)
    sync_file(file.parent)

"""What a database holds, counted; whether it is whole, and whether anybody works with it."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select, table, text

from core.errors import PlatformError
from core.persistence.engine import StorageRole, make_engine, parse_url, sqlite_path

VERSIONS = "alembic_version"
DATA = ("users", "exchange_accounts", "audit_log")
KIDS = text("SELECT DISTINCT kid FROM data_keys ORDER BY kid")
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class UnusableBackupError(PlatformError):
    """A backup is damaged, of the other database, or newer than this program; the text says which and what to do."""

    code = "unusable_backup"


@dataclass(frozen=True, slots=True)
class Contents:
    """The revision of the schema, the number of rows of each table, and the vault keys that its data keys need."""

    revision: str | None
    counts: Mapping[str, int]
    kids: tuple[str, ...] = ()


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    """Give out an engine for one task."""
    engine = make_engine(parse_url(url), role=StorageRole.CLI, foreign_keys=False)
    try:
        yield engine
    finally:
        engine.dispose()


def read_contents(url: str) -> Contents:
    """Count what a database holds; one that is absent or empty holds nothing.

    Raises:
        StorageUnavailableError: it is down or damaged.
    """
    path = sqlite_path(parse_url(url))
    if path is not None and not path.exists():
        return Contents(None, {})
    with engine_of(url) as engine, engine.connect() as connection:
        return count_rows(connection)


def count_rows(connection: Connection) -> Contents:
    """Count the rows of every table that this connection's transaction sees."""
    names = sorted(inspect(connection).get_table_names())
    counts = {name: _count(connection, name) for name in names if name != VERSIONS}
    revision = None
    if VERSIONS in names:
        revision = connection.execute(text(f"SELECT version_num FROM {VERSIONS}")).scalar_one_or_none()  # noqa: S608
    kids = connection.execute(KIDS).scalars().all() if "data_keys" in names else ()
    return Contents(revision, counts, tuple(kids))


def has_data(contents: Contents) -> bool:
    """Tell whether people, accounts or audited acts are stored: more than a fresh installation has."""
    return any(contents.counts.get(name) for name in DATA)


def faults_of(url: str) -> list[str]:
    """Return what the database finds wrong with itself; PostgreSQL checks every constraint while it is loaded."""
    with engine_of(url) as engine, engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            unproven = "SELECT conname FROM pg_constraint WHERE NOT convalidated"
            return [f"constraint {row[0]} is not valid" for row in connection.execute(text(unproven))]
        damages = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
        orphans = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
        return damages + sorted({f"rows without their parents in {row[0]}" for row in orphans})


def is_in_use(url: str) -> bool:
    """Tell whether another connection to the database is open. On SQLite what its WAL holds goes into the file."""
    path = sqlite_path(parse_url(url))
    if path is None:
        with engine_of(url) as engine, engine.connect() as connection:
            return bool(connection.execute(OTHERS).scalar_one())
    return path.exists() and not _fold_wal(path)


def _fold_wal(path: Path) -> bool:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0.5)) as connection:
        try:
            return bool(connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete")
        except sqlite3.OperationalError:
            return False
        except sqlite3.DatabaseError:
            return True  # damaged: nobody can be working with it


def _count(connection: Connection, name: str) -> int:
    return connection.execute(select(func.count()).select_from(table(name))).scalar_one()

"""Engines for SQLite and PostgreSQL: durability settings, transaction starts and what the web role may read."""

import sqlite3
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import ConfigurationError
from core.persistence.failures import translate_failure

BUSY_SECONDS = 10
IDLE_SECONDS = 60
POOL_SIZE = 20
WRITE = "ga_write"
ASK_SERVER = (
    "SELECT current_setting('fsync'), (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)"
)
FOREIGN_KEYS = "PRAGMA foreign_keys = ON"
PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA cache_size = -16000",
    "PRAGMA schema_version",  # a first read: from here on others can tell that the file is in use
)
SEALED_COLUMNS = frozenset(
    {
        *(("exchange_accounts", name) for name in ("api_key", "secret_key", "passphrase")),
        *(("credential_candidates", name) for name in ("api_key", "secret_key", "passphrase")),
        ("data_keys", "token"),
    }
)


class StorageRole(StrEnum):
    """Who connects: the web process may not read sealed columns; the command line is the owner of the tables."""

    WEB = "web"
    SYNC = "sync"
    BACKUP = "backup"
    CLI = "cli"


ROLE_NAMES = {role: f"ga_{role}" for role in (StorageRole.WEB, StorageRole.SYNC, StorageRole.BACKUP)}


def parse_url(url: str) -> URL:
    """Return the database URL with the driver this platform uses.

    Raises:
        ConfigurationError: not a URL of SQLite (a file) or PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as e:
        raise ConfigurationError("the database URL cannot be read") from e
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise ConfigurationError("the database URL must name an SQLite file or a PostgreSQL database")


def sqlite_path(url: URL) -> Path | None:
    """Return the database file of an SQLite URL, None for PostgreSQL."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def make_engine(url: URL, *, role: StorageRole, foreign_keys: bool = True) -> Engine:
    """Make an engine; it connects at first use and never creates an SQLite file.

    `foreign_keys` False is for migrations, which rebuild tables on SQLite.
    """
    path = sqlite_path(url)
    engine = _postgres_engine(url, role) if path is None else _sqlite_engine(url, path, role, foreign_keys=foreign_keys)
    event.listen(engine, "handle_error", translate_failure)
    return engine


def _sqlite_engine(url: URL, path: Path, role: StorageRole, *, foreign_keys: bool) -> Engine:
    name = f"file:{quote(str(path.absolute()))}?mode=rw"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            name, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS, cached_statements=256
        )
        for pragma in (*PRAGMAS, FOREIGN_KEYS) if foreign_keys else PRAGMAS:
            connection.execute(pragma)
        if role is StorageRole.WEB:
            connection.set_authorizer(_deny_sealed_columns)
        return connection

    engine = create_engine(url, creator=connect, hide_parameters=True, pool_size=POOL_SIZE, pool_timeout=BUSY_SECONDS)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _deny_sealed_columns(
    action: int, table: str | None, column: str | None, _database: str | None, _trigger: str | None
) -> int:
    if action == sqlite3.SQLITE_READ and (table, column) in SEALED_COLUMNS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _postgres_engine(url: URL, role: StorageRole) -> Engine:
    settings = f"-c timezone=UTC -c synchronous_commit=on -c lock_timeout={BUSY_SECONDS}s"
    if role is StorageRole.SYNC:
        settings += f" {_bounded_holds()}"
    if role in ROLE_NAMES:  # refused where the URL's own role is no member, or the schema was never made
        settings += f" -c role={ROLE_NAMES[role]}"
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        pool_timeout=BUSY_SECONDS,
        connect_args={"options": settings, "connect_timeout": BUSY_SECONDS},
    )
    event.listen(engine, "connect", _refuse_unsafe_role if role in ROLE_NAMES else _refuse_unsafe_server)
    return engine


def _bounded_holds() -> str:
    """Return the settings by which a sidecar keeps no row locked for long: one frozen in a transaction or cut off.

    The timer does not run right after an executemany: psycopg's Flush behind it stops it until the next statement.
    """
    third = IDLE_SECONDS // 3
    settings = {
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
        "tcp_user_timeout": f"{IDLE_SECONDS}s",
        "tcp_keepalives_idle": third,
        "tcp_keepalives_interval": third,
        "tcp_keepalives_count": 2,
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _refuse_unsafe_server(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    fsync, _ = _ask(connection)
    require_fsync(fsync)


def _refuse_unsafe_role(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    fsync, is_unbound = _ask(connection)
    require_fsync(fsync)
    if is_unbound:
        raise ConfigurationError("the database roles ga_… must be no superusers and must not have BYPASSRLS")


def _ask(connection: DBAPIConnection) -> tuple[str, bool]:
    cursor = connection.cursor()
    cursor.execute(ASK_SERVER)
    fsync, is_unbound = cursor.fetchone() or ("", True)
    cursor.close()
    connection.rollback()
    return fsync, is_unbound


def require_fsync(setting: str) -> None:
    """Refuse a PostgreSQL server that may lose committed rows in a power cut.

    Raises:
        ConfigurationError: fsync is off.
    """
    if setting != "on":
        raise ConfigurationError("the PostgreSQL server runs with fsync=off: turn it on, committed rows can be lost")

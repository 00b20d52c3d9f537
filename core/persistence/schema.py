"""Bring a database to the newest schema, with a copy of an SQLite file made first."""

import os
from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from core.errors import StorageUnavailableError
from core.persistence import rights
from core.persistence.engine import StorageRole, make_engine, parse_url, sqlite_path

SCRIPTS = Path(__file__).parent / "migrations"
ADVISORY_MIGRATION = 7_200


def migrate(url: str) -> str:
    """Run the migrations that are missing and return the revision reached; all of them or none.

    An SQLite file is created when absent (readable by its owner only), and copied beside itself before a change.

    Raises:
        ConfigurationError: the URL is wrong.
        StorageUnavailableError: the database is down, or an SQLite file would be left with dangling references.
    """
    parsed = parse_url(url)
    path = sqlite_path(parsed)
    if path is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = make_engine(parsed, role=StorageRole.CLI, foreign_keys=False)
    try:
        with engine.connect() as connection:
            if is_current(connection):
                return head()
        if path is not None:
            _copy(engine, path)
        upgrade(engine)
        if path is None:
            with engine.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_MIGRATION})
                rights.apply(connection)
    finally:
        engine.dispose()
    return head()


def backup_path(path: Path, revision: str) -> Path:
    """Return where `migrate` copies an SQLite file that stands at this revision."""
    return path.with_name(f"{path.name}.before-{revision}")


def is_current(connection: Connection) -> bool:
    """Tell whether every migration has run on this database, and on PostgreSQL whether every role has its rights."""
    if _revision(connection) != head():
        return False
    return connection.dialect.name == "sqlite" or rights.are_current(connection)


@lru_cache(maxsize=1)
def head() -> str:
    """Return the newest revision."""
    return str(ScriptDirectory.from_config(make_config()).get_current_head())


def make_config() -> Config:
    """Return the configuration of Alembic, which needs no file."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def make_revision(url: str, message: str) -> None:
    """Write a new revision with the differences between the models and this (current) database."""
    engine = make_engine(parse_url(url), role=StorageRole.CLI, foreign_keys=False)
    config = make_config()
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.revision(config, message, autogenerate=True)
    finally:
        engine.dispose()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to a revision in one transaction.

    Raises:
        StorageUnavailableError: an SQLite file would be left with dangling references.
    """
    config = make_config()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_MIGRATION})
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
            raise StorageUnavailableError("a migration left rows without their parents: nothing was changed")


def _revision(connection: Connection) -> str | None:
    heads = MigrationContext.configure(connection).get_current_heads()
    return heads[0] if len(heads) == 1 else None


def _copy(engine: Engine, path: Path) -> None:
    """Copy a database that holds something; a copy left by an earlier attempt at the same step stays."""
    with engine.connect() as connection:
        revision = _revision(connection)
    target = None if revision is None else backup_path(path, revision)
    if target is None or target.exists():
        return
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("VACUUM INTO ?", (str(target),))
    finally:
        raw.close()
    target.chmod(0o600)

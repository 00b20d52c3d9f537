"""What is left to do after rows were deleted for good: nothing of them may stay in free pages or in the WAL."""

from sqlalchemy import text

from core.persistence.engine import StorageRole, make_engine, parse_url, sqlite_path
from core.persistence.models import Base


def sweep(url: str) -> None:
    """Empty the WAL of SQLite (its pages are overwritten at deletion already), or vacuum PostgreSQL's tables.

    Raises:
        StorageUnavailableError: the database is down or busy.
    """
    parsed = parse_url(url)
    engine = make_engine(parsed, role=StorageRole.CLI)
    try:
        if sqlite_path(parsed) is not None:
            raw = engine.raw_connection()  # outside any transaction, which would be in its own way
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                raw.close()
            return
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in Base.metadata.sorted_tables:
                connection.execute(text(f'VACUUM "{table.name}"'))
    finally:
        engine.dispose()

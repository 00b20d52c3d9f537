"""A backup of a PostgreSQL database without pg_dump: a zip of rows as COPY writes them, table by table.

`backup.json` names the revision of the schema and, in an order that foreign keys allow, each table with its columns and
number of rows; `<table>.copy` is the text format of COPY (https://www.postgresql.org/docs/current/sql-copy.html, read
2026-11-22). Loading builds the schema with the migrations of that revision, then copies the rows in, all or none.
"""

import json
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, MetaData, text

from core.errors import StorageUnavailableError
from core.persistence.backup.contents import VERSIONS, Contents, UnusableBackupError, count_rows, engine_of
from core.persistence.backup.postgres import SNAPSHOT
from core.persistence.schema import upgrade

INDEX = "backup.json"
BLOCK_BYTES = 1 << 18
SEQUENCES = (
    "SELECT format('SELECT setval(%L, greatest((SELECT max(%I) FROM %I), 1))', "
    "pg_get_serial_sequence(quote_ident(table_name), column_name), column_name, table_name) "
    "FROM information_schema.columns WHERE table_schema = current_schema() "
    "AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL"
)


def dump(url: str, target: Path) -> Contents:
    """Write all rows of one snapshot into a zip."""
    with engine_of(url) as engine, engine.connect().execution_options(**SNAPSHOT) as connection:
        contents = count_rows(connection)
        found = MetaData()
        found.reflect(connection)
        tables = [table for table in found.sorted_tables if table.name != VERSIONS]
        index = [{"table": table.name, "columns": [column.name for column in table.columns]} for table in tables]
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in index:
                with archive.open(f"{part['table']}.copy", "w", force_zip64=True) as file:
                    _copy_out(connection, _names(part), file.write)
            text_of = {"revision": contents.revision, "tables": index, "counts": dict(contents.counts)}
            archive.writestr(INDEX, json.dumps(text_of, indent=1))
    return contents


def load(path: Path, url: str, require_known: Callable[[str | None], None]) -> None:
    """Build the schema of the zip's revision in an empty database and copy its rows in, all of them or none.

    Raises:
        UnusableBackupError: the zip is damaged, or of a newer program.
    """
    try:
        with zipfile.ZipFile(path) as archive, engine_of(url) as engine:
            index = json.loads(archive.read(INDEX))
            require_known(index["revision"])
            upgrade(engine, index["revision"])
            with engine.begin() as connection:
                _fill(connection, archive, index["tables"])
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, psycopg.Error) as e:
        raise UnusableBackupError(f"{path.name} is damaged: {type(e).__name__}") from e


def _fill(connection: Connection, archive: zipfile.ZipFile, parts: Sequence[dict[str, Any]]) -> None:
    held = [name for name, count in count_rows(connection).counts.items() if count]
    for name in held:  # what migrations themselves put in
        connection.execute(text(f'TRUNCATE "{name}" CASCADE'))
    for part in parts:
        with archive.open(f"{part['table']}.copy") as file:
            _copy_in(connection, _names(part), file.read)
    for statement in connection.execute(text(SEQUENCES)).scalars().all():
        connection.execute(text(statement))


def _names(part: dict[str, Any]) -> str:
    columns = ", ".join(f'"{column}"' for column in part["columns"])
    return f'"{part["table"]}" ({columns})'


def _copy_out(connection: Connection, names: str, write: Callable[[bytes], int]) -> None:
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY {names} TO STDOUT") as copy:
            for block in copy:
                write(bytes(block))
    except psycopg.Error as e:
        raise StorageUnavailableError(f"rows cannot be read: {e.sqlstate}") from e


def _copy_in(connection: Connection, names: str, read: Callable[[int], bytes]) -> None:
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {names} FROM STDIN") as copy:
        while block := read(BLOCK_BYTES):
            copy.write(block)

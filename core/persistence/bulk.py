"""Many rows at once: a batch of the driver on SQLite, COPY into a passing table and one INSERT on PostgreSQL.

A few rows are not worth such a table.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, Table, bindparam, column, select, table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from core.persistence.direct import Make, direct
from core.persistence.failures import platform_error
from core.persistence.repositories.base import insert_into

WORTH_A_COPY = 200
Conflict = Callable[[sqlite.Insert], sqlite.Insert]  # says what happens to a row that is there already
KEPT_ROWCOUNT = {"preserve_rowcount": True}


def insert_rows(
    connection: Connection, model: type[DeclarativeBase], conflict: Conflict, rows: Sequence[Mapping[str, Any]]
) -> int:
    """Insert rows of equal columns; return how many were written. `conflict` is one function, not made anew.

    Raises:
        PlatformError: the database refused them, as with any statement.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    if connection.dialect.name == "postgresql" and len(rows) >= WORTH_A_COPY:
        staged = _copy(connection, model, names, rows)
        statement = insert_into(model, is_sqlite=False).from_select(
            names, select(*map(column, names)).select_from(table(staged))
        )
        return connection.execute(conflict(statement), execution_options=KEPT_ROWCOUNT).rowcount
    statement_for = direct(_insert(model, conflict, names), connection.dialect.name == "sqlite")
    values = statement_for.values(rows)
    return connection.exec_driver_sql(statement_for.text, values, execution_options=KEPT_ROWCOUNT).rowcount


@lru_cache(maxsize=16)
def _insert(model: type[DeclarativeBase], conflict: Conflict, names: tuple[str, ...]) -> Make:
    columns: dict[str, Any] = {name: bindparam(name) for name in names}
    return lambda is_sqlite: conflict(insert_into(model, is_sqlite).values(columns))


def _copy(
    connection: Connection, model: type[DeclarativeBase], names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]
) -> str:
    """Copy rows into a table of this transaction and return its name."""
    target = cast(Table, model.__table__)
    staged, columns = f"staged_{target.name}", ", ".join(names)
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged} (LIKE {target.name}) ON COMMIT DROP")
    connection.exec_driver_sql(f"TRUNCATE {staged}")
    dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
    processes = [target.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    pick, checked = itemgetter(*names), [(n, process) for n, process in enumerate(processes) if process is not None]
    driver = cast(psycopg.Connection[Any], connection.connection.driver_connection)
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {staged} ({columns}) FROM STDIN") as copy:
            for row in rows:
                values = list(pick(row))
                for n, process in checked:
                    values[n] = process(values[n])
                copy.write_row(values)
    except psycopg.Error as e:
        raise platform_error(e) from None
    return staged

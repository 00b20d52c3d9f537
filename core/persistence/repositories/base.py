"""What all repositories share: the connection, the clients they may touch, upserts on both databases."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import Column, Connection, CursorResult, Executable, Select, Table, bindparam, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute

from core.errors import NotFoundError
from core.ports import ClientIds

EVERY_CLIENT = "/* every client */"
CLIENTS, ACCOUNTS = "clients", "accounts"  # parameters of statements that are made once
ADVISORY_AUDIT = 7_201
ADVISORY_ACCOUNT_NUMBER = 7_202
S = TypeVar("S")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Query = Select[*tuple[Any, ...]]
Rows = CursorResult[*tuple[Any, ...]]


def plain(*attributes: Any) -> tuple[Column[Any], ...]:  # noqa: ANN401 - attributes of any model
    """Return the bare columns of mapped attributes; results of the attributes themselves are several times dearer."""
    return tuple(attribute.property.columns[0] for attribute in attributes)


def row_of(item: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass
    """Return the fields of a dataclass as a row; unlike `asdict` it copies nothing, for rows are only read."""
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def insert_into(model: type[DeclarativeBase], is_sqlite: bool) -> sqlite.Insert:
    """Return an INSERT of this database, which knows ON CONFLICT (both classes have the same methods)."""
    table = cast(Table, model.__table__)
    return sqlite.insert(table) if is_sqlite else cast(sqlite.Insert, postgresql.insert(table))


def scoped_to(statement: S, column: InstrumentedAttribute[UUID], *, every_client: bool) -> S:
    """Narrow a statement that is made once to the clients of the parameter CLIENTS, or mark it as system-wide."""
    if every_client:
        return cast(S, cast(Any, statement).prefix_with(EVERY_CLIENT))
    return cast(S, cast(Any, statement).where(column.in_(bindparam(CLIENTS, expanding=True))))


class Repository:
    """A set of queries on one connection. `allowed` None is the system itself: every client."""

    def __init__(self, connection: Connection, allowed: frozenset[UUID] | None) -> None:
        self._connection = connection
        self._allowed = allowed

    @property
    def _is_sqlite(self) -> bool:
        return self._connection.dialect.name == "sqlite"

    def _scoped(self, statement: S, column: InstrumentedAttribute[UUID], client_ids: ClientIds) -> S:
        """Narrow a statement to these clients within the allowed ones; a system-wide one carries the marker comment."""
        wanted = self._narrow(client_ids)
        if wanted is None:
            return cast(S, cast(Any, statement).prefix_with(EVERY_CLIENT))
        return cast(S, cast(Any, statement).where(column.in_(sorted(wanted))))

    def _parameters(self, client_ids: ClientIds) -> dict[str, list[UUID]]:
        """Return the value of CLIENTS for a statement narrowed by `scoped_to`; none for a system-wide one."""
        wanted = self._narrow(client_ids)
        return {} if wanted is None else {CLIENTS: sorted(wanted)}

    def _narrow(self, client_ids: ClientIds) -> Collection[UUID] | None:
        if self._allowed is None:
            return client_ids
        return self._allowed if client_ids is None else self._allowed.intersection(client_ids)

    def _require_own(self, client_id: UUID) -> None:
        """Refuse a row of a client outside the scope, answered as if it did not exist."""
        if self._allowed is not None and client_id not in self._allowed:
            raise NotFoundError("client")

    def run(self, statement: Executable, parameters: Parameters | None = None) -> Rows:
        """Execute a statement on the transaction's connection."""
        return self._connection.execute(statement, parameters)

    def _insert(self, model: type[DeclarativeBase]) -> sqlite.Insert:
        """Return an INSERT of this database, which knows ON CONFLICT (both classes have the same methods)."""
        return insert_into(model, self._is_sqlite)

    def _upsert(
        self, model: type[DeclarativeBase], rows: Collection[Mapping[str, Any]], *, newer: str | None = None
    ) -> None:
        """Insert rows, or replace every column of those whose primary key is there already.

        Where `newer` names a column, a row with an older value in it replaces nothing.
        """
        if not rows:
            return
        names = tuple(next(iter(rows)))
        self.run(_upsert_statement(model, self._is_sqlite, names, newer), list(rows))

    def _serialize(self, lock: int) -> None:
        """Let one transaction at a time pass here; on SQLite writers are alone anyway."""
        if not self._is_sqlite:
            self.run(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


@lru_cache(maxsize=256)
def _upsert_statement(
    model: type[DeclarativeBase], is_sqlite: bool, names: tuple[str, ...], newer: str | None
) -> sqlite.Insert:
    """Return an upsert, made once for each shape: making it costs more than running it."""
    insert = insert_into(model, is_sqlite)
    table = cast(Table, model.__table__)
    keys = [column.name for column in table.primary_key.columns]
    changed = {name: insert.excluded[name] for name in names if name not in keys}
    condition = None if newer is None else insert.excluded[newer] >= table.c[newer]
    return insert.on_conflict_do_update(index_elements=keys, set_=changed, where=condition)

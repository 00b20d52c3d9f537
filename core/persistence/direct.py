"""Statements of the hot path, made once into the text and the values that the driver takes.

SQLAlchemy's own way from a statement with parameters to the driver costs several times what the driver does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Double, Uuid
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

from core.persistence.types import UtcDateTime

Process = Callable[[Any], Any]
Make = Callable[[bool], UpdateBase]
OFTEN_THE_SAME = (Uuid, UtcDateTime)  # in neighbouring rows: what the driver takes is made once
REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Direct:
    """The text of a statement for one driver; each parameter's name and what it becomes on the way there."""

    text: str
    names: tuple[str, ...]
    processes: tuple[Process | None, ...]
    constants: Mapping[str, Any]
    is_positional: bool

    def values(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return rows of parameters as the driver takes them; column after column, which is quick."""
        given = [name for name in self.names if name not in self.constants]
        columns: dict[str, Iterable[Any]] = dict(zip(given, zip(*map(_getter(given), rows), strict=True), strict=True))
        columns |= {name: repeat(value, len(rows)) for name, value in self.constants.items()}
        made = (
            columns[name] if process is None else map(process, columns[name])
            for name, process in zip(self.names, self.processes, strict=True)
        )
        found = zip(*made, strict=True)
        return list(found) if self.is_positional else [dict(zip(self.names, row, strict=True)) for row in found]


def run_direct(connection: Connection, make: Make, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute the statement that `make(is_sqlite)` returns once for each row; it is made once per database."""
    if not rows:
        return
    statement = direct(make, connection.dialect.name == "sqlite")
    values = statement.values(rows)
    connection.exec_driver_sql(statement.text, values if len(values) > 1 else values[0])


@lru_cache(maxsize=64)
def direct(make: Make, is_sqlite: bool) -> Direct:
    """Return a statement as the driver of one database takes it."""
    dialect: Dialect = sqlite.dialect() if is_sqlite else postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
    compiled = make(is_sqlite).compile(dialect=dialect, for_executemany=True)
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("a statement of rows is needed")
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    names = tuple(compiled.positiontup or ()) if is_sqlite else tuple(binds)
    return Direct(
        text=str(compiled),
        names=names,
        processes=tuple(_process(binds[name].type, dialect) for name in names),
        constants={name: binds[name].value for name in names if not binds[name].required},
        is_positional=is_sqlite,
    )


def _getter(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return what picks these values (two at least) out of a row."""
    return itemgetter(*names)


def _process(kind: Any, dialect: Dialect) -> Process | None:  # noqa: ANN401 - a type of SQLAlchemy's
    if isinstance(kind, Double):  # a float already
        return None
    process: Process | None = kind.dialect_impl(dialect).bind_processor(dialect)
    if process is not None and isinstance(kind, OFTEN_THE_SAME):
        return lru_cache(maxsize=REMEMBERED)(process)
    return process

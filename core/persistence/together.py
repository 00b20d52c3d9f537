"""Several SELECTs of different shapes as one statement, so that a page costs one round trip to the database.

Each SELECT's columns are put into slots of their type (text, exact amount, instant, …), a UNION ALL joins them, and
each row goes back to its SELECT by the number in its first column.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    CompoundSelect,
    Double,
    Integer,
    LargeBinary,
    String,
    Text,
    Uuid,
    cast,
    literal_column,
    null,
    union_all,
)
from sqlalchemy.types import TypeEngine

from core.persistence.repositories.base import Query, Rows
from core.persistence.types import ExactDecimal, UtcDateTime

SLOT_TYPES: tuple[tuple[type[TypeEngine[Any]], TypeEngine[Any]], ...] = (
    (Uuid, Uuid()),
    (ExactDecimal, ExactDecimal()),
    (UtcDateTime, UtcDateTime()),
    (JSON, JSON()),
    (Boolean, Boolean()),
    (Double, Double()),
    (Integer, BigInteger()),
    (String, Text()),
    (LargeBinary, LargeBinary()),
)


@dataclass(frozen=True, slots=True)
class Together:
    """One statement made of several, and where each one's columns lie in its rows."""

    statement: CompoundSelect[*tuple[Any, ...]]
    places: tuple[tuple[int, ...], ...]

    def split(self, rows: Rows) -> list[list[list[Any]]]:
        """Return the rows of each SELECT, each with that SELECT's own columns in its own order."""
        found: list[list[list[Any]]] = [[] for _ in self.places]
        for row in rows:
            number = row[0]
            found[number].append([row[place] for place in self.places[number]])
        return found


def put_together(selects: Sequence[Query]) -> Together:
    """Make one statement of several SELECTs without ORDER BY; rows come in any order."""
    kinds_of = [[_kind_of(column.type) for column in query.selected_columns] for query in selects]
    most = [max(kinds.count(kind) for kinds in kinds_of) for kind in range(len(SLOT_TYPES))]
    empty = [slot_type for (_, slot_type), count in zip(SLOT_TYPES, most, strict=True) for _ in range(count)]
    padded, places = [], []
    for number, (query, kinds) in enumerate(zip(selects, kinds_of, strict=True)):
        free = [sum(most[:kind]) for kind in range(len(SLOT_TYPES))]
        columns: list[ColumnElement[Any]] = [cast(null(), slot_type) for slot_type in empty]
        place = []
        for column, kind in zip(query.selected_columns, kinds, strict=True):
            columns[free[kind]] = column
            free[kind] += 1
            place.append(free[kind])  # the number of the SELECT itself comes first
        labelled = [column.label(f"c{position}") for position, column in enumerate(columns, start=1)]
        padded.append(query.with_only_columns(literal_column(str(number), Integer).label("c0"), *labelled))
        places.append(tuple(place))
    return Together(union_all(*padded), tuple(places))


def _kind_of(column_type: TypeEngine[Any]) -> int:
    return next(number for number, (kind, _) in enumerate(SLOT_TYPES) if isinstance(column_type, kind))

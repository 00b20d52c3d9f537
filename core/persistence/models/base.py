"""The declarative base: names of constraints and the types behind Python annotations."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Double, MetaData, Text, Uuid
from sqlalchemy.orm import DeclarativeBase

from core.persistence.types import ExactDecimal, UtcDateTime

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - the declarative API reads it as a class attribute
        UUID: Uuid(),
        Decimal: ExactDecimal(),
        datetime: UtcDateTime(),
        float: Double(),
        str: Text(),
    }


def one_of(column: str, values: Iterable[StrEnum]) -> str:
    """Return the SQL condition that a text column holds one of these members of a StrEnum."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"

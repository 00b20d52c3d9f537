"""Column types that keep amounts exact and instants aware on both databases."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

MICROS = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal with every digit: NUMERIC without precision on PostgreSQL, text on SQLite. SQL never sums it."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return NUMERIC where the database has exact numbers, else text."""
        numeric: TypeEngine[Any] = Numeric() if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(numeric)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | str | None:
        """Refuse anything but a finite Decimal.

        Raises:
            TypeError: not a Decimal (a float has lost digits already).
            ValueError: NaN or infinite.
        """
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"an exact amount is a Decimal, not {type(value).__name__}")
        if not value.is_finite():
            raise ValueError("an exact amount is finite")
        return value if dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: object, dialect: Dialect) -> Decimal | None:
        """Return the stored amount with the digits it was stored with."""
        return value if value is None or isinstance(value, Decimal) else Decimal(str(value))


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC: timestamptz on PostgreSQL, sortable text with microseconds on SQLite."""

    impl = String(26)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return timestamptz where the database knows it, else text."""
        instant: TypeEngine[Any] = DateTime(timezone=True) if dialect.name == "postgresql" else String(26)
        return dialect.type_descriptor(instant)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Refuse a naive datetime.

        Raises:
            ValueError: the datetime has no time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        instant = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return instant
        return instant.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:
        """Return the instant, aware and in UTC."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)


def to_micros(at: datetime) -> int:
    """Return whole microseconds since 1970 (UTC), exactly.

    Raises:
        ValueError: the datetime has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    span = at - EPOCH
    return (span.days * 86_400 + span.seconds) * MICROS + span.microseconds

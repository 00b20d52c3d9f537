"""Amounts keep every digit and instants keep their place, on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError

from core.persistence import SqlStorage
from core.persistence.models import PriceRow
from core.persistence.types import ExactDecimal, UtcDateTime, to_micros
from tests.core.persistence.makers import NOW

DIALECTS: list[Dialect] = [sqlite.dialect(), postgresql.dialect()]  # type: ignore[no-untyped-call]
SAO_PAULO = timezone(timedelta(hours=-3))


@pytest.mark.parametrize(
    "amount", ["0.1", "1E-18", "123456789012345678901234567890.000000000123456789", "-0.00000001", "0", "1E+3"]
)
def test_an_amount_comes_back_with_every_digit(storage: SqlStorage, amount: str) -> None:
    with storage.begin() as uow:
        uow.connection.execute(
            insert(PriceRow).values(exchange="a", asset="b", price=Decimal(amount), as_of=NOW, path="")
        )
    with storage.begin(write=False) as uow:
        assert uow.connection.execute(select(PriceRow.price)).scalar_one() == Decimal(amount)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_sqlite_text_holds_any_finite_decimal(amount: Decimal) -> None:
    column = ExactDecimal()
    stored = column.process_bind_param(amount, DIALECTS[0])
    assert isinstance(stored, str)
    assert column.process_result_value(stored, DIALECTS[0]) == amount


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("amount", [0.1, 1, "1.5"])
def test_an_amount_that_is_no_decimal_is_refused(dialect: Dialect, amount: object) -> None:
    with pytest.raises(TypeError):
        ExactDecimal().process_bind_param(amount, dialect)  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_an_amount_that_is_not_finite_is_refused(dialect: Dialect, amount: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        ExactDecimal().process_bind_param(Decimal(amount), dialect)


def test_a_float_never_reaches_the_database(storage: SqlStorage) -> None:
    values = {"exchange": "a", "asset": "b", "price": 0.1, "as_of": NOW, "path": ""}
    with pytest.raises(StatementError), storage.begin() as uow:
        uow.connection.execute(insert(PriceRow).values(values))


def test_an_instant_comes_back_in_utc(storage: SqlStorage) -> None:
    at = datetime(2026, 3, 1, 22, 30, 0, 5, tzinfo=SAO_PAULO)
    with storage.begin() as uow:
        uow.connection.execute(insert(PriceRow).values(exchange="a", asset="b", price=Decimal(1), as_of=at, path=""))
    with storage.begin(write=False) as uow:
        stored = uow.connection.execute(select(PriceRow.as_of)).scalar_one()
    assert stored == at
    assert stored.utcoffset() == timedelta(0)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_naive_instant_is_refused(dialect: Dialect) -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), dialect)  # noqa: DTZ001 - the point of the test


def test_sqlite_instants_sort_as_text() -> None:
    column = UtcDateTime()
    early, late = (
        column.process_bind_param(at, DIALECTS[0]) for at in (NOW.replace(microsecond=0), NOW.replace(microsecond=1))
    )
    assert str(early) < str(late)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_microseconds_are_exact(at: datetime) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=to_micros(at)) == at


def test_microseconds_of_a_naive_instant_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_micros(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_sqlite_keeps_amounts_as_text(tmp_path: Path) -> None:
    from tests.databases import fresh_storage

    with fresh_storage("sqlite", tmp_path) as storage, storage.begin() as uow:
        uow.connection.execute(
            insert(PriceRow).values(exchange="a", asset="b", price=Decimal("0.10"), as_of=NOW, path="")
        )
        kept = uow.connection.execute(text("SELECT typeof(price), price FROM prices")).one()
    assert tuple(kept) == ("text", "0.10")

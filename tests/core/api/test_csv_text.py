"""CSV text in both dialects."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.api.csv_text import FORMULA_STARTS, Dialect, escape_text, make_dialect, write_csv
from core.api.texts import COLUMNS
from core.services.exports import BALANCES, EQUITY, POSITIONS, Cell, Column

COLUMNS_HERE = (Column("asset", "text"), Column("total", "amount"), Column("as_of", "time"), Column("carried", "flag"))
AT = datetime(2026, 1, 15, 15, 4, 5, tzinfo=UTC)


def dialect(name: str) -> Dialect:
    made = make_dialect(name, "America/Sao_Paulo")
    assert made is not None
    return made


def written(name: str, *rows: Sequence[Cell]) -> str:
    return b"".join(piece for piece, _ in write_csv(COLUMNS_HERE, rows, dialect(name))).decode()


def test_iso_has_commas_points_and_utc() -> None:
    row = ("BTC", Decimal("-1234.50000000"), AT, True)
    assert written("iso", row) == "asset,total,as_of,carried\r\nBTC,-1234.50000000,2026-01-15T15:04:05Z,true\r\n"


def test_pt_br_has_semicolons_decimal_commas_local_time_and_a_byte_order_mark() -> None:
    assert written("pt-BR", ("BTC", Decimal("-1234.5"), AT, False)) == (
        "\ufeffAtivo;Total;Lido em (America/Sao_Paulo);Mantido da leitura anterior\r\n"
        "BTC;-1234,5;15/01/2026 12:04:05;não\r\n"
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("0.00000001"), "0.00000001"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-18"), "0.000000000000000001"),
        (Decimal("123456789012345678901234567890.123456789"), "123456789012345678901234567890.123456789"),
        (1e-7, "0.0000001"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e22, "10000000000000000000000"),
        (-3, "-3"),
        (Decimal("NaN"), ""),
        (float("inf"), ""),
        (None, ""),
    ],
)
def test_numbers_keep_every_digit_and_have_no_exponent(number: Cell, text: str) -> None:
    assert dialect("iso").format_cell(number) == text
    assert dialect("pt-BR").format_cell(number) == text.replace(".", ",")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\0x", "  =1", "\u00a0=1", "\ufeff=1", "＝1", " \t=1"]
)
def test_a_text_that_could_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert escape_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "BTC", "a=b", "Conta - 2", "  x"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert escape_text(text) == text


@given(st.text(), st.sampled_from(["iso", "pt-BR"]))
def test_no_text_whatsoever_starts_a_formula_and_all_of_it_comes_back(text: str, name: str) -> None:
    content = written(name, (text, None, None, None)).removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=dialect(name).delimiter))
    assert rows[1][0] in (text, f"'{text}")
    assert rows[1][0].strip()[:1] not in FORMULA_STARTS or not rows[1][0].strip()
    assert len(rows) == 2


@given(st.decimals(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_as_what_they_were(amount: Decimal, value: float) -> None:
    assert Decimal(dialect("iso").format_cell(amount)) == amount
    assert float(dialect("iso").format_cell(value)) == value


def test_a_long_file_comes_in_pieces_and_counts_its_rows() -> None:
    rows = ((f"A{number}", Decimal(number), AT, False) for number in range(10_000))
    pieces = list(write_csv(COLUMNS_HERE, rows, dialect("iso")))
    assert len(pieces) > 3
    assert max(len(piece) for piece, _ in pieces) < 70_000
    assert sum(count for _, count in pieces) == 10_000
    assert b"".join(piece for piece, _ in pieces).count(b"\r\n") == 10_001


def test_every_column_of_every_export_has_a_label() -> None:
    assert {column.name for column in (*BALANCES, *POSITIONS, *EQUITY)} <= set(COLUMNS)


def test_an_unknown_dialect_is_none() -> None:
    assert make_dialect("xlsx", "UTC") is None

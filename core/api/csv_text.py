"""CSV in two dialects: ISO for programs, pt-BR for spreadsheets in Brazil. No cell can become a formula."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.api.texts import COLUMNS, NO, YES
from core.locales import translator
from core.services.exports import Cell, Column

CHUNK_CHARACTERS = 64 * 1024
# What spreadsheets read as the start of a formula, with the wide forms that some of them accept too.
FORMULA_STARTS = frozenset("=+-@\t\r\n\0＝＋－＠")
BLANKS = " \u00a0\u2007\u202f\u3000\ufeff"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind of reader wants its CSV."""

    name: str
    delimiter: str
    byte_order_mark: bool
    format_cell: Callable[[Cell], str]
    format_header: Callable[[Column], str]


def make_dialect(name: str, time_zone: str) -> Dialect | None:
    """Return the dialect `iso` or `pt-BR`, or None for another name.

    Args:
        name: `iso` (comma, decimal point, ISO 8601 in UTC) or `pt-BR` (semicolon, decimal comma, local time, BOM).
        time_zone: zone of the pt-BR times, named in their headers.
    """
    if name == "iso":
        return Dialect(name, ",", byte_order_mark=False, format_cell=_iso_cell, format_header=lambda c: c.name)
    if name != "pt-BR":
        return None
    zone, translate = ZoneInfo(time_zone), translator("pt_BR")

    def format_header(column: Column) -> str:
        label = translate(COLUMNS.get(column.name, column.name))
        return f"{label} ({time_zone})" if column.kind == "time" else label

    def format_cell(cell: Cell) -> str:
        if isinstance(cell, bool):
            return translate(YES if cell else NO)
        if isinstance(cell, datetime):
            return cell.astimezone(zone).strftime("%d/%m/%Y %H:%M:%S")
        return _plain_number(cell).replace(".", ",") if isinstance(cell, Decimal | float | int) else _iso_cell(cell)

    return Dialect(name, ";", byte_order_mark=True, format_cell=format_cell, format_header=format_header)


def write_csv(
    columns: Sequence[Column], rows: Iterable[Sequence[Cell]], dialect: Dialect
) -> Iterator[tuple[bytes, int]]:
    """Yield the file in pieces of about 64 KiB, each with the number of rows in it."""
    buffer = io.StringIO("\ufeff" if dialect.byte_order_mark else "")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer, delimiter=dialect.delimiter, lineterminator="\r\n")
    writer.writerow([escape_text(dialect.format_header(column)) for column in columns])
    count = 0
    for row in rows:
        writer.writerow([dialect.format_cell(cell) for cell in row])
        count += 1
        if buffer.tell() >= CHUNK_CHARACTERS:
            yield buffer.getvalue().encode(), count
            buffer.seek(0)
            buffer.truncate()
            count = 0
    yield buffer.getvalue().encode(), count


def escape_text(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula, after blanks too."""
    start = text.lstrip(BLANKS)[:1]
    return f"'{text}" if start and start in FORMULA_STARTS else text


def _iso_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return escape_text(cell) if isinstance(cell, str) else _plain_number(cell)


def _plain_number(number: Decimal | float | int) -> str:
    """Return every digit of a number and no exponent; what is no number becomes an empty cell."""
    if not math.isfinite(number):
        return ""
    return format(Decimal(repr(number)) if isinstance(number, float) else Decimal(number), "f")

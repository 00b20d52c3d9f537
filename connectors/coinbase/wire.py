"""Readers of Coinbase's own ways to write amounts, times, currencies and pages."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from connectors._parse import milliseconds, number, number_or_none, record, text, to_ms
from connectors._reading import Answer


def money(value: object) -> Decimal:
    """Return an amount that comes as a number, as text, or as an object with a `value`."""
    return number(value["value"] if isinstance(value, Mapping) else value)


def money_or_none(value: object) -> Decimal | None:
    """Return an amount, None where it is left out or empty."""
    return number_or_none(value["value"] if isinstance(value, Mapping) else value)


def moment(value: object) -> datetime:
    """Return the instant, in UTC, of an RFC 3339 text with any offset, between 1970 and 2100."""
    found = datetime.fromisoformat(text(value))
    milliseconds(to_ms(found))
    return found.astimezone(UTC)


def currency(value: object) -> str:
    """Return the code of a currency that comes as text or as an object with a `code`."""
    return text(value["code"] if isinstance(value, Mapping) else value)


def next_uri(answer: Answer, body: Mapping[str, Any]) -> dict[str, str] | None:
    """Return where the next page of a v2 list is, None on the last one; it must be the same list."""
    uri = record(body["pagination"])["next_uri"]
    if uri is None or uri == "":
        return None
    if urlsplit(text(uri)).path != answer.path:
        raise ValueError("a page of another list")
    return {"uri": uri}

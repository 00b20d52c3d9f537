"""What Binance's histories share: how an entry is built, how pages follow each other."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors._parse import number, text
from connectors._reading import Answer
from connectors.types import LedgerEntry, LedgerKind


def entry(
    native: str,
    dedupe_key: str,
    kind: LedgerKind,
    **facts: Any,  # noqa: ANN401 - fields of LedgerEntry
) -> LedgerEntry:
    """Return an entry by its id, its key and its kind."""
    return LedgerEntry(id=native, dedupe_key=dedupe_key, kind=kind, **facts)


def fee_of(charged: LedgerEntry, amount: Decimal) -> LedgerEntry:
    """Return the fee (negative) that was taken besides an entry, as an entry of its own."""
    return LedgerEntry(
        id=charged.id,
        dedupe_key=f"{charged.dedupe_key}:fee",
        kind=LedgerKind.FEE,
        wallet=charged.wallet,
        asset=charged.asset,
        amount=amount,
        booked_at=charged.booked_at,
        ref=charged.id,
    )


def transfer_kind(incoming: bool) -> LedgerKind:
    """Return the kind of a transfer's leg."""
    return LedgerKind.TRANSFER_IN if incoming else LedgerKind.TRANSFER_OUT


def next_page(
    answer: Answer, items: list[dict[str, Any]], count: object, names: tuple[str, str, int]
) -> dict[str, Any] | None:
    """Return the parameters of the next page by number; `names` are those of page and size, and the usual size."""
    page_name, size_name, usual = names
    page, size = int(answer.params.get(page_name, 1)), int(answer.params.get(size_name, usual))
    if page * size >= number(count):
        return None
    if not items:
        raise ValueError("an empty page before the last")
    return {**answer.params, page_name: str(page + 1), size_name: str(size)}


def optional(value: object) -> str | None:
    """Return a text, or None where it is empty or missing."""
    return None if value is None or value == "" else text(value)


def utc(clock_face: str) -> datetime:
    """Return the instant of a text such as 2026-01-31 12:00:00, in UTC."""
    return datetime.strptime(clock_face, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)

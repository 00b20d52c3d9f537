"""BingX's spot trades: fills are told by pair, so finished orders are asked first for which pairs were traded."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors._parse import instant, natural, number, record, rows, text, windows
from connectors._reading import Answer, Reading
from connectors.bingx import endpoints as api
from connectors.bingx.public import data
from connectors.bingx.symbols import split_symbol
from connectors.errors import BadResponseError, UnknownExchangeError
from connectors.types import LedgerEntry, LedgerKind

if TYPE_CHECKING:
    from connectors.bingx.connector import BingxConnector

WINDOW_DAYS = 7
WEEK_MS = WINDOW_DAYS * 86_400_000
MOST_FILLS, ORDERS_PER_PAGE, MOST_ORDERS = 1_000, 100, 10_000
NOTHING_FOUND = "100204"


def orders(answer: Answer) -> Reading:
    """Read a page of finished orders: the pairs of those that were filled, at least in part."""
    items = _rows(answer, "orders")
    page = int(answer.params.get("pageIndex", 1))
    more = len(items) >= ORDERS_PER_PAGE and page * ORDERS_PER_PAGE < MOST_ORDERS
    return Reading(
        extra={"pairs": sorted({text(row["symbol"]) for row in items if natural(row["executedQty"])})},
        next={**answer.params, "pageIndex": str(page + 1)} if more else None,
    )


def fills(answer: Answer) -> Reading:
    """Read fills: what came, what was paid for it, and the commission, each an entry of its own."""
    items = _rows(answer, "fills")
    return Reading(ledger=[entry for row in items for entry in _fill(row)], extra={"fills": len(items)})


def find_fills(connector: "BingxConnector", since: datetime, until: datetime) -> Iterator[LedgerEntry]:
    """Yield the legs of all spot trades in [since, until], week by week.

    Orders are looked for from a week before, as one may rest before it is filled.
    """
    known: set[str] = set()
    for start, end in windows(since, until, WINDOW_DAYS):
        span = {"startTime": str(start - WEEK_MS), "endTime": str(end)}
        for page in connector.pages(api.ORDERS, {**span, "pageIndex": "1", "pageSize": str(ORDERS_PER_PAGE)}):
            known |= set(page.extra["pairs"])
        for pair in sorted(known):
            yield from _of_pair(connector, pair, start, end)


def _of_pair(connector: "BingxConnector", pair: str, start: int, end: int) -> Iterator[LedgerEntry]:
    """Yield the fills of a pair in [start, end] (Unix ms); a window that fills a page is halved, so no order counts."""
    params = {"symbol": pair, "startTime": str(start), "endTime": str(end), "limit": str(MOST_FILLS)}
    try:
        reading = connector.call(api.FILLS, params)
    except UnknownExchangeError as e:
        if e.venue_code == NOTHING_FOUND:
            return
        raise
    if reading.extra["fills"] < MOST_FILLS:
        yield from reading.ledger or ()
        return
    if start >= end:
        raise BadResponseError("endless-pages", api.FILLS.path, exchange=connector.info.id, retryable=False)
    middle = (start + end) // 2
    yield from _of_pair(connector, pair, start, middle)
    yield from _of_pair(connector, pair, middle + 1, end)


def _rows(answer: Answer, name: str) -> list[dict[str, Any]]:
    content = data(answer)
    return [] if content is None else rows(record(content)[name] or [])


def _fill(row: Mapping[str, Any]) -> Iterable[LedgerEntry]:
    pair, native, sign = text(row["symbol"]), text(row["id"]), 1 if row["isBuyer"] is True else -1
    base, quote = split_symbol(pair) or ("", "")
    if not base or not isinstance(row["isBuyer"], bool):
        raise ValueError("not a fill")
    bought = LedgerEntry(
        id=native,
        dedupe_key=f"fill:{pair}:{native}:base",
        kind=LedgerKind.TRADE,
        wallet="spot",
        asset=base,
        amount=sign * natural(row["qty"]),
        booked_at=instant(row["time"]),
        symbol=f"{base}/{quote}",
        venue_symbol=pair,
        venue_type="buy" if sign > 0 else "sell",
        ref=f"{pair}:{native}",
    )
    paid = replace(
        bought, dedupe_key=f"fill:{pair}:{native}:quote", asset=quote, amount=-sign * natural(row["quoteQty"])
    )
    commission = number(row["commission"])
    if not commission:
        return [bought, paid]
    return [
        bought,
        paid,
        replace(
            bought,
            id=f"{native}:fee",
            dedupe_key=f"fill:{pair}:{native}:fee",
            kind=LedgerKind.FEE,
            asset=text(row["commissionAsset"]),
            amount=commission,
        ),
    ]

"""Walking Gate.io's histories: windows of seconds that overlap by one, halved where a list is long or has no pages."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors._base import RestConnector
from connectors._parse import to_ms
from connectors._reading import Endpoint, Reading
from connectors.errors import BadResponseError, PermissionMissingError
from connectors.gateio import endpoints as api
from connectors.gateio import flows
from connectors.gateio.kinds import BORDER
from connectors.types import LedgerEntry

WINDOW_SECONDS = 30 * 86_400 - 2
PAGE = 1000
DEEPEST_PAGES = 20


def book_pages(
    connector: RestConnector, endpoint: Endpoint, since: datetime, until: datetime, *, paged: bool = True
) -> Iterator[Reading]:
    """Return the pages of an account book, some rows twice; a book without paging is cut until its lists are short.

    The whole second of `until` is asked for, so that rows may lie outside of [since, until].

    Raises:
        BadResponseError: one second holds more rows than a list without paging.
    """
    for start, end in spans(since, until):
        yield from _walk(connector, endpoint, start, end, paged=paged)


def collect(found: dict[str, LedgerEntry], pages: Iterable[Reading], legs: Collection[str] = ()) -> None:
    """Add the entries of pages to those found, each once; a move to one of the wallets `legs` gets a leg there too."""
    for page in pages:
        entries = page.ledger or ()
        more = page.details.get("ledger") or [{}] * len(entries)
        for entry, told in zip(entries, more, strict=True):
            found.setdefault(entry.dedupe_key, entry)
            if (other := told.get("counter_wallet")) in legs:
                leg = replace(flows.opposite(entry), wallet=str(other), dedupe_key=f"{entry.dedupe_key}:{other}")
                found.setdefault(leg.dedupe_key, leg)


def explained(
    connector: RestConnector, entries: list[LedgerEntry], since: datetime, until: datetime
) -> list[LedgerEntry]:
    """Add what other lists tell: transactions of deposits and withdrawals, origins of futures transfers."""
    for kind, endpoint in zip(BORDER, (api.DEPOSITS, api.WITHDRAWALS), strict=True):
        if any(entry.kind is kind for entry in entries):
            entries = flows.with_records(entries, _records(connector, endpoint, since, until, limit=500))
    own = [flows.opposite(entry) for entry in entries if entry.wallet == "spot" and entry.internal]
    entries = flows.with_origins(entries, own, internal=True)
    if any(entry.venue_type == "dnw" and entry.internal is None for entry in entries):
        moves = _records(connector, api.SUB_TRANSFERS, since, until, limit=100)
        entries = flows.with_origins(entries, moves, internal=False)
    return entries


def spans(since: datetime, until: datetime) -> list[tuple[int, int]]:
    """Cut a period into windows of whole seconds, the last second of one being the first of the next."""
    first, last = to_ms(since) // 1000, -(-to_ms(until) // 1000)
    if last < first:
        return []
    starts = range(first, max(last, first + 1), WINDOW_SECONDS)
    return [(start, min(start + WINDOW_SECONDS, last)) for start in starts]


def _records(
    connector: RestConnector, endpoint: Endpoint, since: datetime, until: datetime, *, limit: int
) -> list[LedgerEntry]:
    """Return records that only add to what the books tell: none where the key may not read them."""
    found: dict[str, LedgerEntry] = {}
    try:
        for start, end in spans(since, until):
            for page in connector.pages(endpoint, {"from": start, "to": end, "limit": limit, "offset": 0}):
                collect(found, [page])
                collect(found, [Reading(ledger=flows.with_fees(page))])
    except PermissionMissingError:
        return []
    return list(found.values())


def _walk(connector: RestConnector, endpoint: Endpoint, start: int, end: int, *, paged: bool) -> Iterator[Reading]:
    asked: dict[str, Any] = {"from": start, "to": end, "limit": PAGE}
    found: list[Reading] = []
    for reading in connector.pages(endpoint, asked):
        too_long = reading.next is not None and (not paged or len(found) == DEEPEST_PAGES)
        if too_long and end - start > 1:
            middle = (start + end) // 2
            yield from _walk(connector, endpoint, start, middle, paged=paged)
            yield from _walk(connector, endpoint, middle, end, paged=paged)
            return
        if too_long and not paged:
            raise BadResponseError("too-dense", endpoint.path, exchange=connector.info.id, retryable=False)
        found.append(reading)
    yield from found

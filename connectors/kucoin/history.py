"""Walks KuCoin's books in the windows they accept, and joins what two of them tell about one movement."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors._base import RestConnector
from connectors._parse import to_ms, windows
from connectors._reading import Endpoint
from connectors.errors import PermissionMissingError, WrongAccountModeError
from connectors.kucoin import endpoints as api
from connectors.kucoin import ledger
from connectors.types import LedgerEntry, LedgerKind

WINDOW_DAYS = 1
HF_KEPT = timedelta(days=api.HF_KEPT_DAYS) - timedelta(minutes=5)
RECORD_REACH = timedelta(days=2)  # how far apart a record and its row in a book may be
FUTURES_WALLETS = frozenset({"futures_linear", "futures_inverse"})
MARGIN_WALLETS = frozenset({"margin_cross", "margin_isolated"})


def account_book(connector: RestConnector, since: datetime, until: datetime) -> list[LedgerEntry]:
    """Return the rows of main and trade wallet, a day at a time."""
    found: list[LedgerEntry] = []
    for start, end in windows(since, until, WINDOW_DAYS):
        asked = {"startAt": str(start), "endAt": str(end), "currentPage": "1", "pageSize": "500"}
        found += _walk(connector, api.LEDGER, asked)
    return found


def recent_book(connector: RestConnector, endpoint: Endpoint, since: datetime, until: datetime) -> list[LedgerEntry]:
    """Return the rows of a high-frequency book, which reaches three days back; a wallet never opened has none."""
    start = max(since, connector.now() - HF_KEPT)
    if start > until:
        return []
    asked = {"startAt": str(to_ms(start)), "endAt": str(to_ms(until)), "limit": "200"}
    try:
        return _walk(connector, endpoint, asked)
    except WrongAccountModeError:
        return []


def futures_book(
    connector: RestConnector, since: datetime, until: datetime, contracts: Mapping[str, Any]
) -> list[LedgerEntry]:
    """Return the settled rows of the futures book, funding as entries of its own where it can be told apart."""
    found: list[LedgerEntry] = []
    for start, end in windows(since, until, WINDOW_DAYS):
        asked = {"startAt": str(start), "endAt": str(end), "maxCount": "50"}
        found += _walk(connector, api.FUTURES_LEDGER, asked, context={"contracts": contracts})
    names = sorted({row.venue_symbol for row in found if row.venue_symbol})
    paid = _funding(connector, names, since, until)
    split: list[LedgerEntry] = []
    for row in found:
        amount = paid.get((row.venue_symbol or "", to_ms(row.booked_at), row.asset))
        split += ledger.split_funding(row, amount) if amount and row.kind is LedgerKind.REALIZED_PNL else [row]
    return split


def with_records(
    connector: RestConnector, entries: Collection[LedgerEntry], since: datetime, until: datetime
) -> list[LedgerEntry]:
    """Return the entries with the id and transaction of the nearest deposit or withdrawal record that fits."""
    records: list[LedgerEntry] = []
    for endpoint, kind in ((api.DEPOSITS, LedgerKind.DEPOSIT), (api.WITHDRAWALS, LedgerKind.WITHDRAWAL)):
        if any(entry.kind is kind for entry in entries):
            span = {"startAt": str(to_ms(since - RECORD_REACH)), "endAt": str(to_ms(until))}
            try:
                records += _walk(connector, endpoint, {**span, "currentPage": "1", "pageSize": "500"})
            except PermissionMissingError:
                continue
    ids: dict[str, LedgerEntry] = {}
    for entry in entries:
        fits = [record for record in records if _fits(entry, record)]
        if fits:
            nearest = min(fits, key=lambda record: abs(record.booked_at - entry.booked_at))
            records.remove(nearest)
            ids[entry.dedupe_key] = nearest
    return [_joined(entry, ids.get(entry.dedupe_key.removesuffix(":fee"))) for entry in entries]


def _fits(entry: LedgerEntry, record: LedgerEntry) -> bool:
    same = (entry.kind, entry.asset, entry.amount) == (record.kind, record.asset, record.amount)
    return same and abs(record.booked_at - entry.booked_at) <= RECORD_REACH


def _joined(entry: LedgerEntry, record: LedgerEntry | None) -> LedgerEntry:
    return entry if record is None else replace(entry, id=record.id, txid=record.txid)


def _funding(
    connector: RestConnector, names: Iterable[str], since: datetime, until: datetime
) -> dict[tuple[str, int, str], Decimal]:
    """Return what funding paid by contract, instant and coin; nothing where the key may not ask."""
    found: defaultdict[tuple[str, int, str], Decimal] = defaultdict(Decimal)
    for name in names:
        asked = {"symbol": name, "startAt": str(to_ms(since)), "endAt": str(to_ms(until)), "maxCount": "100"}
        try:
            for page in connector.pages(api.FUNDING, asked):
                for row in page.extra["funding"]:
                    found[row["venue_symbol"], row["time_ms"], row["asset"]] += row["amount"]
        except PermissionMissingError:
            return {}
    return found


def _walk(
    connector: RestConnector, endpoint: Endpoint, asked: Mapping[str, Any], *, context: Mapping[str, Any] | None = None
) -> list[LedgerEntry]:
    return [entry for page in connector.pages(endpoint, asked, context=context) for entry in ledger.counted(page)]

"""Ledger entries as they are stored: once each, with the price at booking where it is known; pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from connectors.types import LedgerEntry
from core.domain.pricing import Market
from core.domain.types import ExchangeAccount, LedgerRow
from core.sync.ports import PriceAt, PriceOf

PRICE_AGE = timedelta(minutes=10)


def prices_wanted(entries: Iterable[LedgerEntry], now: datetime) -> set[tuple[str, datetime]]:
    """Return of which assets a price is needed at which instants of the past."""
    par = Market.of((), now)
    old = (entry for entry in entries if abs(now - entry.booked_at) > PRICE_AGE)
    return {(entry.asset, entry.booked_at) for entry in old if par.resolve(entry.asset).price is None}


def ledger_rows(
    account: ExchangeAccount,
    entries: Iterable[LedgerEntry],
    *,
    price_of: PriceOf,
    now: datetime,
    price_at: PriceAt | None = None,
) -> list[LedgerRow]:
    """Return the entries as rows, oldest first; of two with one key in one wallet the first counts.

    The price is today's for entries of the last ten minutes. Older ones have what needs no market (USD, and
    stablecoins at par), and else the price kept of their time, if one was.
    """
    past = price_at or {}
    par = Market.of((), now)
    rows: dict[tuple[str, str], LedgerRow] = {}
    for entry in sorted(entries, key=lambda entry: entry.booked_at):
        is_recent = abs(now - entry.booked_at) <= PRICE_AGE
        price = price_of(entry.asset) if is_recent else par.resolve(entry.asset).price
        if price is None and not is_recent:
            price = past.get((entry.asset, entry.booked_at))
        row = LedgerRow(
            account_id=account.id,
            client_id=account.user_id,
            wallet=entry.wallet,
            dedupe_key=entry.dedupe_key,
            native_id=entry.id,
            kind=entry.kind.value,
            asset=entry.asset,
            amount=entry.amount,
            booked_at=entry.booked_at,
            price=price,
            symbol=entry.symbol,
            txid=entry.txid,
            ref=entry.ref,
            venue_type=entry.venue_type,
            internal=entry.internal,
        )
        rows.setdefault((entry.wallet, entry.dedupe_key), row)
    return list(rows.values())

"""Ledger entries as they are stored: once each, with the price at booking where it is known; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from connectors.types import LedgerEntry
from core.domain.pricing import Market
from core.domain.types import ExchangeAccount, LedgerRow
from core.sync.ports import PriceAt, PriceOf

PRICE_AGE = timedelta(minutes=10)
PAR = Market.of((), datetime(1970, 1, 1, tzinfo=UTC))  # knows what needs no market: USD, and stablecoins


def prices_wanted(entries: Iterable[LedgerEntry], now: datetime) -> set[tuple[str, datetime]]:
    """Return of which assets a price is needed at which instants of the past."""
    return old_prices(((entry.asset, entry.booked_at) for entry in entries), now)


def old_prices(wanted: Iterable[tuple[str, datetime]], now: datetime) -> set[tuple[str, datetime]]:
    """Return those of these assets and instants for which a price must have been kept."""
    old = ((asset, at) for asset, at in wanted if abs(now - at) > PRICE_AGE)
    return {(asset, at) for asset, at in old if PAR.resolve(asset).price is None}


@dataclass(frozen=True, slots=True)
class Then:
    """What an asset was worth in USD at an instant up to now.

    The price is today's for the last ten minutes. Before it is what needs no market (USD, and stablecoins at par), and
    else the price kept of that time, if one was.
    """

    price_of: PriceOf
    now: datetime
    past: PriceAt = field(default_factory=dict)

    def price(self, asset: str, at: datetime) -> Decimal | None:
        """Return USD per unit, None where no price is known."""
        if abs(self.now - at) <= PRICE_AGE:
            return self.price_of(asset)
        price = PAR.resolve(asset).price
        return self.past.get((asset, at)) if price is None else price


def ledger_rows(
    account: ExchangeAccount,
    entries: Iterable[LedgerEntry],
    *,
    price_of: PriceOf,
    now: datetime,
    price_at: PriceAt | None = None,
) -> list[LedgerRow]:
    """Return the entries as rows, oldest first; of two with one key in one wallet the first counts."""
    then = Then(price_of, now, price_at or {})
    rows: dict[tuple[str, str], LedgerRow] = {}
    for entry in sorted(entries, key=lambda entry: entry.booked_at):
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
            price=then.price(entry.asset, entry.booked_at),
            symbol=entry.symbol,
            txid=entry.txid,
            ref=entry.ref,
            venue_type=entry.venue_type,
            internal=entry.internal,
        )
        rows.setdefault((entry.wallet, entry.dedupe_key), row)
    return list(rows.values())

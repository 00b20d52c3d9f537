"""Closed positions as they are stored: what the exchange told of each, and what it was worth."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ClosedRow:
    """A stored closed position; `price` is USD per unit of the settle asset at close, None where none is known.

    gross, fee and funding are signed (paid < 0), like net in `settle_asset`; None where the exchange does not tell.
    """

    account_id: UUID
    client_id: UUID
    native_id: str
    closed_at: datetime
    symbol: str
    venue_symbol: str
    side: str
    settle_asset: str
    net_pnl: Decimal
    size_base: Decimal | None = None
    entry_price: Decimal | None = None
    exit_price: Decimal | None = None
    gross_pnl: Decimal | None = None
    fee: Decimal | None = None
    funding: Decimal | None = None
    price: Decimal | None = None
    opened_at: datetime | None = None

    @property
    def net_usd(self) -> Decimal | None:
        """Net in USD at close, None without a price."""
        return None if self.price is None else self.net_pnl * self.price

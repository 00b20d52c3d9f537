"""What is held and has no price: in no sum, never dropped, listed with what is known of it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from core.domain.types import ExchangeAccount, HeldBalance, OpenPosition, PriceQuote
from core.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class UnpricedRow:
    """An asset in a wallet without a usable price: its net amount, and the last price known in USD, which is too old.

    `amount` is None where only the open profit of a position is in this asset.
    """

    account: str
    exchange: str
    wallet: str
    asset: str
    amount: Decimal | None
    last_price: Decimal | None
    last_at: datetime | None


def load_unpriced(
    uow: UnitOfWork, accounts: Iterable[ExchangeAccount], client_ids: Collection[UUID]
) -> tuple[UnpricedRow, ...]:
    """Return what these accounts hold without a price now, by asset, account and wallet."""
    present = {account.id: account for account in accounts if account.removed_at is None}
    if not present:
        return ()
    balances = uow.readings.balances(present.keys(), client_ids)
    positions = uow.readings.positions(present.keys(), client_ids)
    if not any(is_unpriced(row) for row in balances) and not any(map(is_unsettled, positions)):
        return ()
    quotes = [quote for name in {account.exchange for account in present.values()} for quote in uow.prices.latest(name)]
    return unpriced_rows(balances, positions, present, quotes)


def unpriced_rows(
    balances: Iterable[HeldBalance],
    positions: Iterable[OpenPosition],
    accounts: Mapping[UUID, ExchangeAccount],
    quotes: Iterable[PriceQuote],
) -> tuple[UnpricedRow, ...]:
    """Return the rows of what is held without a price; `quotes`: latest prices of the accounts' exchanges."""
    known = {(quote.exchange, quote.asset): quote for quote in quotes}
    found: dict[tuple[str, UUID, str], Decimal | None] = {
        (row.asset, row.account_id, row.wallet): row.total - row.debt for row in balances if is_unpriced(row)
    }
    for position in positions:
        if is_unsettled(position):
            found.setdefault((position.settle_asset, position.account_id, position.wallet), None)
    rows = []
    for (asset, account_id, wallet), amount in found.items():
        account = accounts[account_id]
        quote = known.get((account.exchange, asset))
        last = (None, None) if quote is None else (quote.price, quote.as_of)
        rows.append(UnpricedRow(account.name, account.exchange, wallet, asset, amount, *last))
    return tuple(sorted(rows, key=lambda row: (row.asset, row.account, row.wallet)))


def is_unpriced(row: HeldBalance) -> bool:
    """Tell whether a balance is of something and has no value."""
    return row.value is None and bool(row.total or row.debt)


def is_unsettled(position: OpenPosition) -> bool:
    """Tell whether a position's open profit has no value."""
    return position.unrealized_usd is None and bool(position.unrealized_pnl)
